/* SPDX-License-Identifier: BSD-3-Clause
 *
 * infos: lists of PMIx's keys with values, as they are made for the library and read from it.
 */
#ifndef PROXY_PMIX_INFOS_H
#define PROXY_PMIX_INFOS_H

#include <pmix_server.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zeros is an empty one. The strings and arrays in it are its own. */
struct infos {
    pmix_info_t *v;
    size_t n, cap;
};

void infos_text(struct infos *l, const char *key, const char *text);
void infos_u32(struct infos *l, const char *key, uint32_t value);
void infos_u16(struct infos *l, const char *key, uint16_t value);
void infos_flag(struct infos *l, const char *key, bool value);
void infos_size(struct infos *l, const char *key, size_t value);
void infos_rank(struct infos *l, const char *key, pmix_rank_t value);
void infos_bytes(struct infos *l, const char *key, const void *p, size_t n); /* copies */
void infos_status(struct infos *l, const char *key, pmix_status_t value);
void infos_proc(struct infos *l, const char *key, const char *nspace, pmix_rank_t rank);
/* An array of keys with values, which is taken over. */
void infos_array(struct infos *l, const char *key, struct infos *array);
/* Any value with one array of n elements of that type, which is taken over (malloc), as are the
 * texts in it. */
void infos_data(struct infos *l, const char *key, pmix_data_type_t type, void *array, size_t n);
void infos_fini(struct infos *l);

/* What somebody else's list says; NULL or the other value: nothing of that key and type. */
const pmix_value_t *infos_find(const pmix_info_t *v, size_t n, const char *key);
const char *infos_find_text(const pmix_info_t *v, size_t n, const char *key);
bool infos_find_flag(const pmix_info_t *v, size_t n, const char *key); /* there, and not false */
long infos_find_number(const pmix_info_t *v, size_t n, const char *key, long none);

void proc_set(pmix_proc_t *p, const char *nspace, pmix_rank_t rank);

#endif
