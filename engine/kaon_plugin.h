/* Attention of one's own: what a plug-in gives to kaon. Plain C, the standard library only.
 *
 * A plug-in is one struct kaon_attention_plugin with a name and either
 *   row    scores of one query become weights (the engine makes the scores and sums the values), or
 *   attend queries, keys and values of an item of the batch become its output.
 * A program hands it to kaon_model_open (kaon_open_options.plugins); the command line takes it from a shared
 * object that exports it under the name kaon_attention_plugin (--attention-plugin FILE.so). Then its name stands
 * where that of a built-in variant may: --attention NAME:PARAMETER=1.5.
 *
 * Its functions are called by several threads at a time, must not block, allocate or keep what they are given,
 * and should give the same bits whatever thread they run on. */
#ifndef KAON_PLUGIN_H
#define KAON_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Grows when a member changes its meaning; new members come at the end and are known by `size`. */
#define KAON_PLUGIN_VERSION 1

/* Before the definition of kaon_attention_plugin in a shared object, which may hide what is not marked. */
#if defined(__GNUC__)
#define KAON_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define KAON_PLUGIN_EXPORT
#endif

enum { KAON_PLUGIN_PARAMS = 8 };

/* A parameter: NAME=number in the place where the variant is named. */
struct kaon_plugin_param {
    const char *name;
    double otherwise; /* where it is not given */
    double least, most;
};

/* Which query a row of scores belongs to. */
struct kaon_plugin_row {
    size_t head, query;
    size_t visible;     /* scores that are not -inf: at least one */
    int64_t position;   /* of the query among the keys */
    const float *param; /* values of the parameters, in the plug-in's order */
};

/* [heads][rows][columns]: columns contiguous, strides in elements. */
struct kaon_plugin_rows {
    const float *at;
    size_t head, row;
};

/* An item of a batch, whole. Query head h uses key and value head h / (heads / kv_heads). */
struct kaon_plugin_call {
    size_t heads, kv_heads, queries, keys, head_size, value_size;
    struct kaon_plugin_rows q, k, v;
    float *out;
    size_t out_head, out_row;
    float scale;    /* of the scores */
    float softcap;  /* 0: none */
    int64_t offset; /* position of the first query */
    int causal;
    int64_t left, right; /* -1: no bound */
    /* Broadcast to [heads][queries][keys], strides in elements, 0 repeats; at NULL: not there. */
    struct {
        const uint8_t *at; /* visible where not 0 */
        size_t head, row, key;
    } mask;
    struct {
        const float *at; /* added to the scores; -inf hides */
        size_t head, row, key;
    } bias;
    const float *param;
    float *scratch; /* what `scratch` asked for, aligned to 64 bytes */
};

struct kaon_attention_plugin {
    uint32_t version; /* KAON_PLUGIN_VERSION */
    size_t size;      /* sizeof(struct kaon_attention_plugin) */
    const char *name; /* lower case letters, digits and underscores; no built-in variant's */
    const char *title, *formula, *source; /* for people; NULL: nothing is said */
    const struct kaon_plugin_param *param;
    size_t n_params; /* at most KAON_PLUGIN_PARAMS */
    void *user;      /* handed to each function */

    /* x, n scores of one query, become its weights, in place. -inf is a key that is not visible: it gets 0, and
     * its value must be finite. A query that sees nothing is not asked: it gives zeros. */
    void (*row)(void *user, float *x, size_t n, const struct kaon_plugin_row *row);

    /* The whole of one item instead; one of the two must be NULL. scratch: floats it needs, or NULL: none. */
    void (*attend)(void *user, const struct kaon_plugin_call *call);
    size_t (*scratch)(void *user, const struct kaon_plugin_call *call);
};

#ifdef __cplusplus
}
#endif

#endif
