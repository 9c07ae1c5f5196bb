/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shm: what transport.c and the wait need besides the contract. */
#ifndef LIB_TRANSPORT_SHM_SHM_H
#define LIB_TRANSPORT_SHM_SHM_H

#include "lib/transport/transport.h"

struct boot;
extern bool shm_active;
extern int self_waiting; /* packets to oneself */

int shm_init(const struct boot *b); /* 0 or an error class */
void shm_fini(void);
bool shm_connect(struct peer *p);

/* Areas of shared memory for collectives, which lay them out: zeros at first, then as they were left. Each has a head,
 * a place for each local rank, and a ring of `bytes` for each. Take gives a free one's number, or -1; another process
 * may not have it (a limit on memory). */
enum { SHM_AREA_HEAD = 16448, SHM_AREA_MEMBER = 8256 };
int shm_area_take(void);
bool shm_area_has(int number);
void shm_area_give(int number);
char *shm_area(int number);
char *shm_area_rings(int number, size_t *bytes);
/* A word that is not 0 while a local rank sleeps; does looking at it after a store take a fence? */
_Atomic uint32_t *shm_sleeping(int local);
bool shm_fences(void);
/* Is it sure that the process of that local rank still exists? */
bool shm_there(int local);
/* Wakes a local rank if it sleeps. */
void shm_wake(int local);

#endif
