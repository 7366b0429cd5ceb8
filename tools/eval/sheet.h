/* A dataset that is written from its first row to its last, in whole chunks: so its bytes depend on
 * its rows alone, not on the blocks in which they came. */
#ifndef KAON_TOOLS_EVAL_SHEET_H
#define KAON_TOOLS_EVAL_SHEET_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum eval_compression { EVAL_GZIP, EVAL_LZ4, EVAL_PLAIN };

struct eval_sheet {
    hid_t dataset, type; /* -1: none; so before it is opened */
    uint64_t rows, width;
    size_t row_bytes;
    size_t chunk;     /* rows */
    uint64_t written; /* rows that are in the dataset */
    size_t n;         /* rows that wait in `waiting` */
    unsigned char *waiting;
};

#define EVAL_NO_SHEET                                                                              \
    {                                                                                              \
        .dataset = -1, .type = -1                                                                  \
    }

/* Makes the dataset `name` of `rows` elements, or `rows` x `width` if rank is 2, in `location`, with
 * `chunk` rows a chunk. Takes `type`, in either case. False if libhdf5 or memory fails. */
bool kaon_eval_sheet_open(struct eval_sheet *sheet, hid_t location, const char *name, hid_t type,
                          int rank, uint64_t rows, uint64_t width, size_t chunk,
                          enum eval_compression how);

/* Room for the next `n` rows, n at most kaon_eval_sheet_room. Filled, they are kept by
 * kaon_eval_sheet_put. */
size_t kaon_eval_sheet_room(const struct eval_sheet *sheet);
unsigned char *kaon_eval_sheet_next(struct eval_sheet *sheet);
bool kaon_eval_sheet_put(struct eval_sheet *sheet, size_t n);

/* False if something could not be written. */
bool kaon_eval_sheet_close(struct eval_sheet *sheet);

#endif
