/* Names of values in nested scopes, while a file is decoded. */
#ifndef KAON_ENGINE_ONNX_NAMES_H
#define KAON_ENGINE_ONNX_NAMES_H

#include "engine/graph/graph.h"

struct kaon_onnx_name;

struct kaon_onnx_names {
    struct kaon_arena *arena;
    struct kaon_onnx_name **slots; /* hash table; a name's newest entry comes first */
    size_t n_slots;                /* a power of two */
    size_t n;
    uint32_t depth;
    struct kaon_onnx_name *newest; /* all entries, newest first */
};

void kaon_onnx_names_open(struct kaon_onnx_names *names, struct kaon_arena *arena);
void kaon_onnx_names_enter(struct kaon_onnx_names *names);
void kaon_onnx_names_leave(struct kaon_onnx_names *names);

/* Fails if the innermost scope has the name already. */
enum kaon_status kaon_onnx_names_add(struct kaon_onnx_names *names, const char *name,
                                     struct kaon_value *value, struct kaon_msg *msg);

/* The innermost value of that name, or NULL. */
struct kaon_value *kaon_onnx_names_find(const struct kaon_onnx_names *names, const char *name);

/* True if the innermost scope itself has it. */
bool kaon_onnx_names_here(const struct kaon_onnx_names *names, const char *name);

#endif
