/* kaon_check_goldens FILE.npz: every attention entry of a file of expected values through the kernels of every
 * instruction set of this CPU. Inputs and parameters are float32, expected outputs and weights float64; the format
 * is what read_call and its kin read: a JSON manifest, an object an entry, and arrays by name.
 *
 * Prints the worst error of each variant relative to max(1, largest output), and at the end
 * "N passed, N failed, N skipped": skipped are heads, and variants that the list does not have. */
#include <stdarg.h>
#include <setjmp.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "engine/base/cpu.h"
#include "kernels/kernels.h"
#include "tests/attention/reference.h"
#include "tests/eval/npz.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define TOLERANCE 2e-6
#define REFERENCE_TOLERANCE 1e-6

/* Where floats cannot do better, and why. */
static const struct {
    const char *variant, *where; /* `where`: part of an entry's name; NULL: any */
    double tolerance;
    const char *why;
} looser[] = {
    { "mlstm", NULL, 5e-6,
      "weights of both signs over a normaliser that is small where they cancel" },
};

enum { MOST_ARRAYS = 64 };

struct checker {
    struct npz npz;
    json_t *manifest;
    const struct kaon_kernels *table[4];
    size_t tables;
    void *taken[MOST_ARRAYS]; /* memory of the running entry */
    size_t n_taken;
    unsigned passed, failed, skipped;
    double worst[KAON_ATTENTION_COUNT];
};

/* ---- arrays ----------------------------------------------------------------------------------- */

static void *take(struct checker *c, void *memory)
{
    assert_non_null(memory);
    assert_true(c->n_taken < MOST_ARRAYS);
    return c->taken[c->n_taken++] = memory;
}

static void release(struct checker *c)
{
    while (c->n_taken > 0)
        free(c->taken[--c->n_taken]);
}

static bool has(const struct checker *c, const char *name)
{
    size_t bytes;
    unsigned char *member = npz_member(&c->npz, name, &bytes);
    free(member);
    return member != NULL;
}

/* An array that lives as long as the entry. */
static struct kaon_tensor array(struct checker *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static struct kaon_tensor array(struct checker *c, const char *format, ...)
{
    struct kaon_tensor t;
    char name[256];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    npz_array(&t, &c->npz, name);
    take(c, t.data);
    return t;
}

static size_t count(const struct kaon_tensor *t)
{
    return (size_t)kaon_tensor_count(t);
}

static const float *floats(const struct kaon_tensor *t)
{
    assert_int_equal(t->type, KAON_F32);
    return t->data;
}

/* The manifest is a string of four bytes a character. */
static json_t *read_manifest(const struct npz *npz)
{
    json_error_t error;
    size_t bytes;
    unsigned char *npy = npz_member(npz, "manifest", &bytes);
    assert_non_null(npy);
    const size_t before = 10 + npy[8] + 256u * npy[9];
    size_t n = 0;
    for (size_t i = before; i + 4 <= bytes && npy[i]; i += 4)
        npy[n++] = npy[i];
    json_t *manifest = json_loadb((const char *)npy, n, 0, &error);
    assert_non_null(manifest);
    free(npy);
    return manifest;
}

/* ---- an entry --------------------------------------------------------------------------------- */

static const char *text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static double number(const json_t *object, const char *key, double otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value)                 ? json_number_value(value)
           : json_is_true(value)                 ? 1.0
           : json_is_false(value) && key[0] != 0 ? 0.0
                                                 : otherwise;
}

static const json_t *find_case(const struct checker *c, const char *id)
{
    size_t i;
    json_t *entry;
    json_array_foreach(c->manifest, i, entry) if (strcmp(text(entry, "kind"), "case") == 0 &&
                                                  strcmp(text(entry, "id"), id) == 0) return entry;
    fail_msg("no case %s", id);
    return NULL;
}

static int find_variant(const char *name)
{
    for (int v = 0; v < KAON_ATTENTION_COUNT; v++)
        if (strcmp(kaon_attention_infos[v]->name, name) == 0)
            return v;
    return -1;
}

static struct kaon_attention_rows rows_of(const struct kaon_tensor *t)
{
    const size_t row = (size_t)t->dims[2];
    return (struct kaon_attention_rows){ floats(t), (size_t)t->dims[1] * row, row };
}

static void read_inputs(struct checker *c, struct kaon_attention_call *call, const json_t *entry)
{
    const char *id = text(entry, "case"),
               *shared = text(json_object_get(entry, "options"), "shared_qk");
    struct kaon_tensor q = array(c, "in/%s/%s", id, shared ? shared : "q");
    struct kaon_tensor k = array(c, "in/%s/%s", id, shared ? shared : "k");
    struct kaon_tensor v = strcmp(text(entry, "variant"), "uniattn") == 0 ? array(c, "in/uniattn/v")
                                                                          : array(c, "in/%s/v", id);
    call->heads = (size_t)q.dims[0];
    call->queries = (size_t)q.dims[1];
    call->size = (size_t)q.dims[2];
    call->kv_heads = (size_t)k.dims[0];
    call->keys = (size_t)k.dims[1];
    call->value_size = (size_t)v.dims[2];
    call->q = rows_of(&q);
    call->k = rows_of(&k);
    call->v = rows_of(&v);
}

static void read_masks(struct checker *c, struct kaon_attention_call *call, const char *id)
{
    char name[64];
    snprintf(name, sizeof name, "in/%s/keymask", id);
    if (has(c, name))
        call->key_mask = array(c, "%s", name).data;
    snprintf(name, sizeof name, "in/%s/mask", id);
    if (has(c, name))
        call->mask = (struct kaon_attention_bytes){ array(c, "%s", name).data, 0, call->keys, 1 };
    snprintf(name, sizeof name, "in/%s/bias", id);
    if (has(c, name)) {
        const struct kaon_tensor bias = array(c, "%s", name);
        call->bias = (struct kaon_attention_floats){ floats(&bias), call->queries * call->keys,
                                                     call->keys, 1 };
    }
}

static void read_position(struct kaon_attention_call *call, const json_t *entry,
                          const json_t *options)
{
    call->offset = (int64_t)number(entry, "offset", 0.0);
    call->causal = number(options, "causal", number(entry, "causal", 0.0)) > 0;
    call->left = (int64_t)number(options, "left", number(entry, "left", -1.0));
    call->right = (int64_t)number(entry, "right", -1.0);
    call->scale = (float)number(options, "scale", NAN);
    call->softcap = (float)number(options, "softcap", 0.0);
}

/* 2^(-8 (h + 1) / n) for n a power of two; further heads take every second slope of 2 n. */
static float alibi_slope(size_t heads, size_t head)
{
    size_t n = 1;
    while (2 * n <= heads)
        n *= 2;
    return head < n ? exp2f(-8.0f * (float)(head + 1) / (float)n)
                    : exp2f(-8.0f * (float)(2 * (head - n) + 1) / (float)(2 * n));
}

/* Slopes that multiply p - j: -2^-k in the first half of the heads, 2^-k in the second. */
static float balanced_slope(size_t heads, size_t head)
{
    const size_t half = (heads + 1) / 2;
    return head < half ? -exp2f(-(float)(head + 1)) : exp2f(-(float)(head - half + 1));
}

static void read_slopes(struct checker *c, struct kaon_attention_call *call, const char *name)
{
    float *slopes = take(c, malloc(call->heads * sizeof *slopes));
    call->signed_slopes = strcmp(name, "balanced") == 0;
    for (size_t h = 0; h < call->heads; h++)
        slopes[h] =
            call->signed_slopes ? balanced_slope(call->heads, h) : alibi_slope(call->heads, h);
    call->slopes = slopes;
}

/* Angles of all positions: of RoPE by number, of the selective one by the running sum of phi. */
static void read_rope(struct checker *c, struct kaon_attention_call *call, const char *kind,
                      const char *id)
{
    const bool selective = strcmp(kind, "selective") == 0;
    const size_t pairs = call->size / 2, heads = selective ? call->kv_heads : 1;
    const size_t last = call->queries + (size_t)call->offset;
    const size_t n = selective || call->keys > last ? call->keys : last;
    struct kaon_tensor phi = { .rank = 0 };
    float *cosine = take(c, malloc(heads * n * pairs * sizeof *cosine));
    float *sine = take(c, malloc(heads * n * pairs * sizeof *sine));
    if (selective)
        phi = array(c, "par/%s/phi", id);
    for (size_t h = 0; h < heads; h++)
        for (size_t r = 0; r < pairs; r++) {
            const double rate = pow(selective ? 5e5 : 1e4, -2.0 * (double)r / (double)call->size);
            double sum = 0;
            for (size_t t = 0; t < n; t++) {
                const size_t at = (h * n + t) * pairs + r;
                sum = selective ? sum + (double)floats(&phi)[at] : (double)t;
                cosine[at] = (float)cos(rate * sum);
                sine[at] = (float)sin(rate * sum);
            }
        }
    call->rope = (struct kaon_attention_rope){ .cos = cosine,
                                               .sin = sine,
                                               .pairs = pairs,
                                               .head = heads > 1 ? n * pairs : 0,
                                               .query_at = (size_t)call->offset,
                                               .interleaved = strcmp(kind, "interleaved") == 0 };
}

static void read_param(struct checker *c, struct kaon_attention_param *p,
                       const struct kaon_attention_param_info *info, const json_t *value)
{
    static const char *const norms[] = { "none", "sum", "eta" };
    p->number = json_is_number(value) ? (float)json_number_value(value)
                : json_is_null(value) ? NAN
                                      : (float)info->otherwise;
    const char *word = json_string_value(value);
    if (!word)
        return;
    for (size_t i = 0; i < COUNT(norms); i++)
        if (strcmp(word, norms[i]) == 0)
            p->number = (float)i;
    if (word[0] != '@')
        return;
    const struct kaon_tensor t = array(c, "%s", word + 1);
    const char *m = strchr(info->shape, 'm');
    p->at = floats(&t);
    if (strchr("hg", info->shape[0]) && t.rank > 0 && t.dims[0] > 1)
        p->head = count(&t) / (size_t)t.dims[0];
    p->rows = m ? (size_t)t.dims[m - info->shape] : 0;
}

static void read_params(struct checker *c, struct kaon_attention_call *call, const json_t *entry)
{
    const struct kaon_attention_info *info = kaon_attention_infos[call->variant];
    json_t *params = json_object_get(entry, "params");
    for (int i = 0; i < KAON_ATTENTION_PARAMS && info->param[i].name; i++)
        read_param(c, &call->param[i], &info->param[i],
                   json_object_get(params, info->param[i].name));
    call->scale = (float)number(params, "scale", (double)call->scale);
}

/* A parameter that nothing reads is an error; these say in the file what the variant's name says here. */
static void refuse_unknown(const json_t *entry, const struct kaon_attention_info *info)
{
    static const char *const known[] = { "scale", "form", "empty", "norm", "iters" };
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(entry, "params"), key, value)
    {
        bool found = false;
        for (int i = 0; i < KAON_ATTENTION_PARAMS && info->param[i].name; i++)
            found = found || strcmp(info->param[i].name, key) == 0;
        for (size_t i = 0; i < COUNT(known); i++)
            found = found || strcmp(known[i], key) == 0;
        if (!found)
            fail_msg("%s: no parameter %s", text(entry, "id"), key);
    }
}

static void read_call(struct checker *c, struct kaon_attention_call *call, const json_t *entry)
{
    const char *id = text(entry, "case");
    const json_t *options = json_object_get(entry, "options");
    const char *slopes = text(options, "slopes"), *rope = text(options, "rope");
    refuse_unknown(entry, kaon_attention_infos[call->variant]);
    read_inputs(c, call, entry);
    read_masks(c, call, id);
    read_position(call, find_case(c, id), options);
    if (slopes)
        read_slopes(c, call, slopes);
    if (rope)
        read_rope(c, call, rope, text(entry, "id"));
    read_params(c, call, entry);
}

/* ---- given scores ----------------------------------------------------------------------------- */

/* Makes a call whose scores are those of the file: queries of zeros, and the scores as the bias. */
static void use_scores(struct checker *c, struct kaon_attention_call *call, const char *id)
{
    const struct kaon_tensor x = array(c, "x/%s", id);
    const size_t keys = call->keys, each = call->queries * keys;
    float *bias = take(c, malloc(call->heads * each * sizeof *bias));
    for (size_t i = 0; i < call->heads * each; i++)
        bias[i] = reference_visible(call, i / each, i % each / keys, i % keys) ? floats(&x)[i]
                                                                               : -INFINITY;
    call->q.at = take(c, calloc(call->heads * call->queries * call->size, sizeof(float)));
    call->bias = (struct kaon_attention_floats){ bias, each, keys, 1 };
    call->mask.at = NULL;
    call->key_mask = NULL;
    call->causal = false;
    call->left = call->right = -1;
    call->softcap = 0;
    call->slopes = NULL;
    call->rope.cos = NULL;
}

/* Values that make the output the weights. */
static void use_identity(struct checker *c, struct kaon_attention_call *call)
{
    const size_t n = call->keys;
    float *v = take(c, calloc(n * n, sizeof *v));
    for (size_t i = 0; i < n; i++)
        v[i * (n + 1)] = 1.0f;
    call->v = (struct kaon_attention_rows){ v, 0, n };
    call->value_size = n;
}

/* ---- running and comparing -------------------------------------------------------------------- */

static float *run(struct checker *c, struct kaon_attention_call *call, const struct kaon_kernels *k)
{
    const struct kaon_attention_kernel *a = k->attention[call->variant];
    const size_t n = call->heads * call->queries * call->value_size;
    float *out = take(c, malloc((n + 1) * sizeof *out));
    const size_t floats = a->scratch(call);
    float *scratch = aligned_alloc(64, (floats * sizeof(float) / 64 + 1) * 64);
    assert_non_null(scratch);
    memset(scratch, 0xff, floats * sizeof *scratch);
    memset(out, 0xff, n * sizeof *out);
    call->out = out;
    call->out_row = call->value_size;
    call->out_head = call->queries * call->value_size;
    a->run(call, k, 0, a->items(call), scratch);
    free(scratch);
    return out;
}

/* The largest difference, relative to the largest number or 1. */
static double difference(const struct kaon_tensor *want, const float *got)
{
    const double *w = want->data;
    double most = 1, worst = 0;
    assert_int_equal(want->type, KAON_F64);
    for (size_t i = 0; i < count(want); i++) {
        most = fmax(most, fabs(w[i]));
        const double d = fabs(w[i] - (double)got[i]);
        worst = d <= worst ? worst : d; /* also if d is NaN */
    }
    return isnan(worst) ? INFINITY : worst / most;
}

static double tolerance(const char *variant, const char *id)
{
    double t = TOLERANCE;
    for (size_t i = 0; i < COUNT(looser); i++)
        if ((!looser[i].variant || strcmp(looser[i].variant, variant) == 0) &&
            (!looser[i].where || strstr(id, looser[i].where)))
            t = fmax(t, looser[i].tolerance);
    return t;
}

/* On every instruction set; false if one is off, or two of them differ. */
static bool compare(struct checker *c, struct kaon_attention_call *call,
                    const struct kaon_tensor *want, const char *what, const char *id)
{
    const size_t n = count(want);
    const char *variant = kaon_attention_infos[call->variant]->name;
    const float *first = run(c, call, c->table[0]);
    const double d = difference(want, first), most = tolerance(variant, id);
    bool good = d <= most;
    c->worst[call->variant] = fmax(c->worst[call->variant], d);
    if (!good)
        printf("%s: %s off by %.3g, more than %.3g\n", id, what, d, most);
    for (size_t i = 1; i < c->tables; i++)
        if (memcmp(first, run(c, call, c->table[i]), n * sizeof *first) != 0) {
            printf("%s: %s of %s has other bits than %s\n", id, what, c->table[i]->isa,
                   c->table[0]->isa);
            good = false;
        }
    return good;
}

/* Weights of these depend on values, or are stored without what follows them. */
static bool weights_show(const struct kaon_attention_info *info)
{
    static const char *const hidden[] = { "relu_ln", "exp_rms", "exp_l2" };
    for (size_t i = 0; i < COUNT(hidden); i++)
        if (strcmp(info->name, hidden[i]) == 0)
            return false;
    return info->family == KAON_ATTENTION_STREAM || info->family == KAON_ATTENTION_ROW;
}

/* The definitions in double, too: only parameters are floats there. */
static bool compare_reference(struct checker *c, const struct kaon_attention_call *call,
                              const struct kaon_tensor *want, const char *id)
{
    const size_t n = count(want);
    double *got = take(c, malloc((n + 1) * sizeof *got)), most = 1, worst = 0;
    reference_attention(got, call);
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs(((double *)want->data)[i]));
        worst = fmax(worst, fabs(((double *)want->data)[i] - got[i]));
    }
    if (worst <= REFERENCE_TOLERANCE * most)
        return true;
    printf("%s: the reference is off by %.3g\n", id, worst / most);
    return false;
}

static void check_entry(struct checker *c, const json_t *entry)
{
    const char *id = text(entry, "id"), *variant = text(entry, "variant");
    const int v = strcmp(text(entry, "kind"), "attention") == 0 ? find_variant(variant) : -1;
    if (v < 0) {
        c->skipped += strcmp(text(entry, "kind"), "case") != 0;
        return;
    }
    struct kaon_attention_call call = { .variant = (enum kaon_attention_variant)v };
    char name[256];
    read_call(c, &call, entry);
    snprintf(name, sizeof name, "x/%s", id);
    if (has(c, name))
        use_scores(c, &call, id);
    const struct kaon_tensor want = array(c, "out/%s", id);
    bool good = compare(c, &call, &want, "output", id);
    good = compare_reference(c, &call, &want, id) && good;
    snprintf(name, sizeof name, "w/%s", id);
    if (weights_show(kaon_attention_infos[v]) && has(c, name)) {
        const struct kaon_tensor weights = array(c, "%s", name);
        use_identity(c, &call);
        good = compare(c, &call, &weights, "weights", id) && good;
    }
    c->passed += good;
    c->failed += !good;
    release(c);
}

/* ---- the program ------------------------------------------------------------------------------ */

static void find_tables(struct checker *c)
{
    const uint32_t sets[] = { 0, KAON_CPU_AVX2, KAON_CPU_AVX2 | KAON_CPU_AVX512 };
    uint32_t cpu = 0;
    assert_int_equal(kaon_cpu_bits(&cpu, NULL), 0);
    for (size_t i = 0; i < COUNT(sets); i++) {
        const struct kaon_kernels *table = kaon_kernels_select(cpu & sets[i]);
        if (c->tables == 0 || table != c->table[c->tables - 1])
            c->table[c->tables++] = table;
    }
}

static void print_worst(const struct checker *c)
{
    printf("worst error of each variant:\n");
    for (int v = 0; v < KAON_ATTENTION_COUNT; v++)
        printf("  %-16s %.1e\n", kaon_attention_infos[v]->name, c->worst[v]);
    for (size_t i = 0; i < COUNT(looser); i++)
        printf("  %s %s may be off by %.0e: %s\n", looser[i].variant ? looser[i].variant : "all",
               looser[i].where ? looser[i].where : "", looser[i].tolerance, looser[i].why);
}

int main(int argc, char **argv)
{
    static struct checker c;
    size_t i;
    json_t *entry;
    if (argc != 2) {
        fprintf(stderr, "usage: kaon_check_goldens FILE.npz\n");
        return 2;
    }
    FILE *file = fopen(argv[1], "rb");
    if (!file) {
        printf("skipped: there is no %s\n", argv[1]);
        return 77;
    }
    fclose(file);
    npz_open(&c.npz, argv[1]);
    c.manifest = read_manifest(&c.npz);
    find_tables(&c);
    json_array_foreach(c.manifest, i, entry) check_entry(&c, entry);
    print_worst(&c);
    json_decref(c.manifest);
    npz_close(&c.npz);
    printf("%u passed, %u failed, %u skipped\n", c.passed, c.failed, c.skipped);
    return c.failed > 0;
}
