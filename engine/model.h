/* The model from inside. */
#ifndef KAON_ENGINE_MODEL_H
#define KAON_ENGINE_MODEL_H

#include "backends/backend.h"
#include "engine/base/file.h"
#include "engine/graph/graph.h"
#include "engine/onnx/onnx.h"
#include "engine/passes/passes.h"

#include <stdatomic.h>

struct kaon_planned;

struct kaon_model {
    atomic_uint references;
    struct kaon_allocator allocator;
    struct kaon_limits limits;
    struct kaon_arena arena; /* graph, constants that could not stay in the file, packed weights */
    struct kaon_file file;
    struct kaon_onnx_external *external;
    struct kaon_onnx_meta meta;
    struct kaon_ir ir;
    struct kaon_pass_log passes;
    struct kaon_planned **constants; /* by value id: see engine/plan/plan.h */
    const struct kaon_backend *backend;
    void *backend_state;
    const struct kaon_kernels *kernels;
    kaon_log_fn log;
    void *log_user;
    const char *name; /* path, or what stands for it */
};

/* Another reference to the same model; dropped by kaon_model_close. */
void kaon_model_retain(struct kaon_model *model);

#endif
