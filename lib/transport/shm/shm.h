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
/* May single copy be used (process_vm_readv)? Tests set MUSTER_SHM_COPY=two to say no. */
bool shm_single_copy(void);

/* Areas of shared memory for collectives, which lay them out: zeros at first, then as they were left. Each has a head,
 * a place for each local rank, and a ring of `bytes` for each. Take gives a free one's number, or -1. */
enum { SHM_AREA_HEAD = 16448, SHM_AREA_MEMBER = 8256 };
int shm_area_take(void);
void shm_area_give(int number);
char *shm_area(int number);
char *shm_area_rings(int number, size_t *bytes);
/* A word that is not 0 while a local rank sleeps; does looking at it after a store take a fence? */
_Atomic uint32_t *shm_sleeping(int local);
bool shm_fences(void);
/* Wakes a local rank if it sleeps. */
void shm_wake(int local);

#endif
