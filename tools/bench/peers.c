#include "tools/bench/onnx_graph.h"
#include "tools/bench/peer.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/bench/suite.h"
#include "tools/cli/fail.h"
#include "tools/cli/nearest.h"

static const struct kaon_peer *const all_peers[] = {
    &kaon_peer_onednn,      &kaon_peer_xnnpack,  &kaon_peer_openblas,
    &kaon_peer_blis,        &kaon_peer_libxsmm,  &kaon_peer_mkl,
    &kaon_peer_onnxruntime, &kaon_peer_openvino, &kaon_peer_free_order,
};

const struct kaon_peer *kaon_peer_at(size_t index)
{
    return index < KAON_BENCH_COUNT(all_peers) ? all_peers[index] : NULL;
}

/* ---- for peers ------------------------------------------------------------------------------- */

bool kaon_peer_refuse(struct kaon_peer_loaded *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(p->why_not, sizeof p->why_not, format, args);
    va_end(args);
    return false;
}

bool kaon_peer_symbols(struct kaon_peer_loaded *p, void *library,
                       const struct kaon_peer_symbol *symbols, void *into)
{
    for (; symbols->name; symbols++) {
        void *at = dlsym(library, symbols->name);
        if (!at)
            return kaon_peer_refuse(p, "it lacks the function %s", symbols->name);
        memcpy((char *)into + symbols->offset, &at, sizeof at);
    }
    return true;
}

void kaon_peer_enter(struct kaon_peer_loaded *p, struct kaon_bench_field *field, const char *form,
                     kaon_bench_fn *run, void *arg, void (*close)(void *arg))
{
    struct kaon_bench_contender c = { .run = run, .arg = arg, .close = close };
    snprintf(c.impl, sizeof c.impl, "%s", p->impl);
    snprintf(c.form, sizeof c.form, "%s", form);
    kaon_bench_enter(field, c);
}

/* ---- finding libraries ----------------------------------------------------------------------- */

/* Where peers.sh puts them: "peers" beside the folder of the program, build/release/kaon. */
static void default_folder(char *folder, size_t room)
{
    char self[PATH_MAX];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = 0;
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = 0;
    snprintf(folder, room, "%.*s/../peers/lib", (int)room - 16, self);
}

/* Links are followed first: a library finds the others that it needs beside itself. RTLD_LOCAL keeps
 * apart the BLAS libraries, whose functions have the same names. */
static void *load(const char *folder, const char *name)
{
    char path[PATH_MAX + 64], real[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    void *library = realpath(path, real) ? dlopen(real, RTLD_NOW | RTLD_LOCAL) : NULL;
    return library ? library : dlopen(name, RTLD_NOW | RTLD_LOCAL);
}

static void load_peer(struct kaon_peer_loaded *p, const char *folder)
{
    void *library = NULL;
    char reason[160] = "";
    for (size_t i = 0; !library && i < KAON_BENCH_COUNT(p->peer->libraries); i++) {
        if (!p->peer->libraries[i])
            break;
        library = load(folder, p->peer->libraries[i]);
        const char *error = library ? NULL : dlerror();
        if (error && !reason[0])
            snprintf(reason, sizeof reason, "%s", error);
    }
    if (!library && !p->peer->built_in) {
        kaon_peer_refuse(p, "%s (%s has it)", reason, p->peer->package);
        return;
    }
    snprintf(p->impl, sizeof p->impl, "%s", p->peer->name);
    if (!p->peer->open(p, library))
        p->state = NULL; /* the library stays loaded: some do not survive dlclose */
}

/* Threads and kernels that the environment would impose are undone before anything is loaded: one
 * thread each, and the kernels that the library itself takes for this CPU. */
static void clean_environment(void)
{
    static const char *const gone[] = { "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "BLIS_ARCH_TYPE",
                                        "DNNL_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS" };
    static const char *const one[] = { "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
                                       "BLIS_NUM_THREADS" };
    for (size_t i = 0; i < KAON_BENCH_COUNT(gone); i++)
        unsetenv(gone[i]);
    for (size_t i = 0; i < KAON_BENCH_COUNT(one); i++)
        setenv(one[i], "1", 1);
    setenv("MKL_THREADING_LAYER", "SEQUENTIAL", 1);
    setenv("ORT_DISABLE_TELEMETRY", "1", 0);
}

/* ---- choosing -------------------------------------------------------------------------------- */

static bool named(const char *names, const char *name)
{
    const size_t n = strlen(name);
    for (const char *at = names; (at = strstr(at, name)) != NULL; at++)
        if ((at == names || at[-1] == ',') && (at[n] == 0 || at[n] == ','))
            return true;
    return false;
}

static enum kaon_status check_names(const char *names, struct kaon_msg *msg)
{
    char *copy = strdup(names), *rest = copy;
    enum kaon_status st = copy ? KAON_OK : kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory");
    for (char *word; st == KAON_OK && (word = strsep(&rest, ",")) != NULL;) {
        const char *nearest = NULL;
        bool found = false;
        for (size_t i = 0; i < KAON_BENCH_COUNT(all_peers); i++) {
            found |= !strcmp(word, all_peers[i]->name);
            kaon_nearest_try(word, all_peers[i]->name, &nearest);
        }
        if (!found)
            st = kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "no peer \"%s\"; %s%s%s", word,
                               nearest ? "did you mean \"" : "all, onednn, xnnpack, openblas, ",
                               nearest ? nearest
                                       : "blis, libxsmm, mkl, onnxruntime, openvino or "
                                         "free-order",
                               nearest ? "\"?" : "");
    }
    free(copy);
    return st;
}

enum kaon_status kaon_peers_load(struct kaon_peers *peers, const char *names, const char *folder,
                                 struct kaon_msg *msg)
{
    char beside[PATH_MAX];
    *peers = (struct kaon_peers){ 0 };
    if (!names)
        return KAON_OK;
    const bool all = !strcmp(names, "all");
    enum kaon_status st = all ? KAON_OK : check_names(names, msg);
    if (st != KAON_OK)
        return st;
    if (!folder) {
        default_folder(beside, sizeof beside);
        folder = beside;
    }
    clean_environment();
    peers->at = calloc(KAON_BENCH_COUNT(all_peers), sizeof *peers->at);
    if (!peers->at)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for the peers");
    for (size_t i = 0; i < KAON_BENCH_COUNT(all_peers); i++) {
        if (all ? all_peers[i]->built_in : !named(names, all_peers[i]->name))
            continue;
        struct kaon_peer_loaded *p = &peers->at[peers->n++];
        p->peer = all_peers[i];
        load_peer(p, folder);
        if (!p->state && !all)
            return kaon_cli_fail(msg, KAON_UNSUPPORTED, "the peer %s cannot be used: %s",
                                 p->peer->name, p->why_not);
    }
    return KAON_OK;
}

void kaon_peers_close(struct kaon_peers *peers)
{
    for (size_t i = 0; i < peers->n; i++)
        if (peers->at[i].state)
            peers->at[i].peer->close(&peers->at[i]);
    free(peers->at);
    *peers = (struct kaon_peers){ 0 };
}

void kaon_peer_enter_graphs(struct kaon_peer_loaded *p, const struct kaon_bench_case *c,
                            kaon_peer_graph_fn *enter, struct kaon_bench_field *field)
{
    struct kaon_buffer model;
    if (c->kind != KAON_BENCH_ATTENTION) {
        if (kaon_bench_onnx(c, &model))
            enter(p, c, model, "", field);
        return;
    }
    for (int way = 0; way < KAON_BENCH_WAYS; way++)
        if (kaon_bench_onnx_way(c, (enum kaon_bench_way)way, &model))
            enter(p, c, model, kaon_bench_way_names[way], field);
}
