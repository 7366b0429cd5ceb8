/* Scores of a few queries of one head against a block of keys: the pipeline of kernels/attention/attention.h,
 * with -inf where a key is not visible. */
#ifndef KAON_KERNELS_ATTENTION_SCORE_H
#define KAON_KERNELS_ATTENTION_SCORE_H

#include "kernels/attention/attention.h"
#include "kernels/kernels.h"

enum {
    KEY_BLOCK = 256,    /* keys of a block: their panels and values stay in the second cache */
    QUERY_TILE = 264,   /* queries that share the panels of a block */
    PACK_QUERIES = 129, /* from so many on values are packed before they are met */
    QUERY_ROWS = 24,    /* of these, whose scores are made together: they stay in the first cache */
};

enum score_mode {
    SCORE_DOT,
    SCORE_COSINE, /* q and k of length 1; the scale is row->scale */
    SCORE_SIGN,   /* signs of q and k */
    SCORE_GAUSS,  /* minus half the squared distance */
};

/* A query of a tile, and what a variant's `prepare` makes of it. */
struct score_row {
    const struct kaon_attention_call *call;
    size_t head, query;
    int64_t position;
    size_t begin, end; /* the keys that causal order and window leave */
    float n;           /* visible keys, if they are counted; else end - begin */
    float scale;       /* of step 3 */
    float factor;      /* of the complete score; 1: none */
    float own[4];      /* the variant's */
};

struct scoring {
    const struct kaon_attention_call *call;
    const struct kaon_kernels *kernels;
    enum score_mode mode;
    size_t head, rows; /* queries of the tile */
    struct score_row *row;
    const float *q; /* [rows], q_row floats apart */
    size_t q_row;
    bool
        packs; /* v_room has the values of the keys that are ready in panels; else they are read as they lie */
    float *v_room;                   /* those panels, or room of kaon_gemm_unpacked */
    float *panels, *k_rows, *q_rows; /* room */
    float *q_term, *k_term;          /* gauss: -scale / 2 times the squared lengths */
    bool masked;                     /* mask, key mask or bias may hide a key */
    bool bare;      /* the product is the score, and what lies past the keys is not read */
    bool own_scale; /* rows have scales of their own */
    const float *k; /* rows of these keys, k_row floats apart */
    size_t k_row;
    size_t key, keys; /* the keys that are ready: from `key` on */
    enum { VALUES_UNKNOWN, VALUES_FINITE, VALUES_NOT_FINITE } values; /* those of these keys */
};

/* Floats of room that begin and its kin need for such a call. */
size_t KAON_K(kaon_score_room)(const struct kaon_attention_call *c, enum score_mode mode);

/* Sets up `rows` queries from `first` on of a head; row: room for as many. `count`: row->n is wanted where masks make
 * it hard to tell. `room`: kaon_score_room floats. */
void KAON_K(kaon_score_begin)(struct scoring *s, const struct kaon_attention_call *c,
                              const struct kaon_kernels *kernels, enum score_mode mode, bool count,
                              size_t head, size_t first, size_t rows, struct score_row *row,
                              float *room);

/* Makes keys j .. j + n - 1, up to KEY_BLOCK of them, ready for kaon_score_block. */
void KAON_K(kaon_score_keys)(struct scoring *s, size_t j, size_t n);

/* x[r][i], rows `stride` apart: score of query `first` + r of the tile and key `from` + i of those that are ready, up to
 * key `to` - 1; `from` is a multiple of KAON_GEMM_PANEL. From there to the
 * next multiple of VLEN x is -inf. True if all those keys are visible to all those queries. */
bool KAON_K(kaon_score_block)(const struct scoring *s, float *x, size_t stride, size_t first,
                              size_t rows, size_t from, size_t to);

/* x[i] times the factor of key j + i. */
void KAON_K(kaon_score_gate)(float *x, const struct score_row *row, size_t j, size_t n,
                             const struct kaon_attention_floats *by);

/* Whether key j is visible to a query. */
bool KAON_K(kaon_score_visible)(const struct score_row *row, size_t j);

/* y[r] = sum_i w[r][i] v[from + i], of the keys that are ready, leaving out those that are not visible unless `all` are.
 * y may be written in whole vectors. */
void KAON_K(kaon_score_apply)(struct scoring *s, float *y, size_t y_stride, const float *w,
                              size_t stride, size_t first, size_t rows, size_t from, size_t to,
                              bool all);

/* Value of a parameter for a query. */
static inline float score_param(const struct score_row *row, int i)
{
    const struct kaon_attention_param *p = &row->call->param[i];
    return p->at ? p->at[row->head * p->head] : p->number;
}

/* The same of an array with an axis of queries or keys. */
static inline float score_param_at(const struct score_row *row, int i, size_t index)
{
    const struct kaon_attention_param *p = &row->call->param[i];
    return p->at ? p->at[row->head * p->head + index] : p->number;
}

#endif
