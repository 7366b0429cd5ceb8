/* Other people's libraries, as contenders.
 *
 * A peer is loaded at run time where it is installed and never linked: its file declares the part
 * of its interface that it calls. It runs on the caller's thread alone and prepares outside the
 * timing whatever it can: packed weights, generated code, planned primitives, bound buffers. Adding
 * one is a file with a struct kaon_peer and a line in peers.c. */
#ifndef KAON_TOOLS_BENCH_PEER_H
#define KAON_TOOLS_BENCH_PEER_H

#include "tools/bench/contender.h"
#include "tools/cli/buffer.h"

/* One loaded peer. */
struct kaon_peer_loaded {
    const struct kaon_peer *peer;
    void *state;       /* the peer's own; NULL: not there */
    char impl[64];     /* "oneDNN 2.6.3" */
    char note[160];    /* what the reader should know: the kernels it chose */
    char why_not[256]; /* if it is not there */
};

/* Enters the peer's ways of computing the case; nothing if it cannot. */
typedef void kaon_peer_enter_fn(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                                struct kaon_bench_field *field);

/* One model in a peer. */
struct kaon_peer_model {
    void *state;
    /* Prepares for inputs that stay where they are; *slot stands for them from then on. */
    enum kaon_status (*bind)(void *state, const struct kaon_tensor *inputs, size_t n, void **slot,
                             struct kaon_msg *msg);
    bool (*run)(void *state, void *slot); /* false: it failed */
    /* Views the i-th output of the slot's last run; valid until its next. False if there is none, or
     * its type is one that cannot be compared. */
    bool (*output)(void *state, void *slot, size_t i, struct kaon_tensor *output);
    void (*unbind)(void *state, void *slot);
    void (*close)(void *state);
};

enum { KAON_PEER_WAYS = 3 };

struct kaon_peer {
    const char *name;
    const char *libraries[4]; /* names to load, the first that is there: in the peers' folder, or as
                                 the system finds them */
    const char *package;      /* that has it, for the person */
    bool built_in;            /* nothing to load; "all" leaves it out, since it is no one else's */
    /* Finds functions in `library` and says the version; false with p->why_not. */
    bool (*open)(struct kaon_peer_loaded *p, void *library);
    void (*close)(struct kaon_peer_loaded *p);
    kaon_peer_enter_fn *enter[KAON_BENCH_KINDS]; /* NULL: does not have it */
    /* Whole models; NULL: does not run them. `way`: one of ways[], "" for the only one; the
     * way "dynamic" is left out for models of fixed shapes. */
    enum kaon_status (*open_model)(struct kaon_peer_loaded *p, const char *path, const char *way,
                                   struct kaon_peer_model *model, struct kaon_msg *msg);
    const char *ways[KAON_PEER_WAYS];
};

extern const struct kaon_peer kaon_peer_onednn, kaon_peer_xnnpack, kaon_peer_openblas,
    kaon_peer_blis, kaon_peer_libxsmm, kaon_peer_mkl, kaon_peer_onnxruntime, kaon_peer_openvino,
    kaon_peer_free_order;

/* The names that --peer takes, NULL past the last. */
const struct kaon_peer *kaon_peer_at(size_t index);

struct kaon_peers {
    struct kaon_peer_loaded *at;
    size_t n;
};

/* Loads what `names` ("all", or names with commas between; NULL: none) asks for. A peer that was
 * named and is not there gives KAON_UNSUPPORTED with the reason; of "all" those missing are kept
 * with their reason and no state. `folder` is where peers.sh puts libraries, NULL: ../peers/lib
 * from the program. */
enum kaon_status kaon_peers_load(struct kaon_peers *peers, const char *names, const char *folder,
                                 struct kaon_msg *msg);
void kaon_peers_close(struct kaon_peers *peers);

/* ---- for peers ------------------------------------------------------------------------------- */

/* Functions of a library by name: { "cblas_sgemm", offsetof(struct blas, sgemm) }. */
struct kaon_peer_symbol {
    const char *name;
    size_t offset; /* of a function pointer in the struct; a name that is NULL ends */
};

/* Sets all of them; false with p->why_not at the first that is missing. */
bool kaon_peer_symbols(struct kaon_peer_loaded *p, void *library,
                       const struct kaon_peer_symbol *symbols, void *into);

/* Says why it cannot be used; returns false. */
bool kaon_peer_refuse(struct kaon_peer_loaded *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Enters one way under the peer's name; `form` may be "". */
void kaon_peer_enter(struct kaon_peer_loaded *p, struct kaon_bench_field *field, const char *form,
                     kaon_bench_fn *run, void *arg, void (*close)(void *arg));

/* Enters the case as an ONNX model, attention in each of the ways of onnx_graph.h. `enter` takes the
 * model and frees its memory. */
typedef void kaon_peer_graph_fn(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                                struct kaon_buffer model, const char *form,
                                struct kaon_bench_field *field);
void kaon_peer_enter_graphs(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                            kaon_peer_graph_fn *enter, struct kaon_bench_field *field);

#endif
