/* The test_data_set_N folders of a case. */
#ifndef KAON_TOOLS_CHECK_DATASET_H
#define KAON_TOOLS_CHECK_DATASET_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/kaon.h"

bool kaon_dataset_exists(const char *folder, size_t set);

/* Whether test_data_set_SET/KIND_K.pb is there. */
bool kaon_dataset_has(const char *folder, size_t set, const char *kind, size_t k);

/* Reads test_data_set_SET/KIND_K.pb ("input" or "output"); a sequence if `type` is KAON_SEQUENCE.
 * Freed by kaon_tensor_free(tensor, NULL). */
enum kaon_status kaon_dataset_read(struct kaon_tensor *tensor, const char *folder, size_t set,
                                   const char *kind, size_t k, enum kaon_type type,
                                   struct kaon_msg *msg);

#endif
