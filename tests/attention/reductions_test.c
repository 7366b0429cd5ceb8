/* Attention variants against their definitions in double, over shapes, masks and strides of all kinds, and the
 * reductions that are stated of them: what one variant becomes with certain parameters or certain calls. */
#include <stdarg.h>
#include <setjmp.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/cpu.h"
#include "tests/attention/reference.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum { MOST_ARRAYS = 256, SLOTS = 6 };

/* Random inputs, and what they take. */
struct world {
    uint64_t random;
    void *taken[MOST_ARRAYS];
    size_t n;
    struct kaon_attention_call call;
};

struct shape {
    size_t heads, kv_heads, queries, keys, size, value_size;
};

/* ---- inputs ----------------------------------------------------------------------------------- */

static void *take(struct world *w, size_t bytes)
{
    assert_true(w->n < MOST_ARRAYS);
    w->taken[w->n] = calloc(bytes + 1, 1);
    assert_non_null(w->taken[w->n]);
    return w->taken[w->n++];
}

static void release(struct world *w)
{
    while (w->n > 0)
        free(w->taken[--w->n]);
}

static uint64_t number(struct world *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    return w->random ^= w->random << 17;
}

static float *filled(struct world *w, size_t n, float low, float high)
{
    float *x = take(w, n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = low + (high - low) * (float)(number(w) >> 40) * 0x1p-24f;
    return x;
}

static struct kaon_attention_rows rows(struct world *w, size_t heads, size_t n, size_t size)
{
    const size_t row = size + 3;
    return (struct kaon_attention_rows){ filled(w, heads * n * row, -1.5f, 1.5f), n * row, row };
}

static const struct kaon_attention_info *info_of(const struct world *w)
{
    return kaon_attention_infos[w->call.variant];
}

static int find(const struct world *w, const char *name)
{
    int i = 0;
    while (strcmp(info_of(w)->param[i].name, name) != 0)
        i++;
    return i;
}

static void set_number(struct world *w, const char *name, double value)
{
    w->call.param[find(w, name)] = (struct kaon_attention_param){ .number = (float)value };
}

static void set_array(struct world *w, int i, float low, float high)
{
    const struct kaon_attention_param_info *info = &info_of(w)->param[i];
    const struct kaon_attention_call *c = &w->call;
    struct kaon_attention_param *p = &w->call.param[i];
    const size_t length[] = {
        ['h'] = c->heads, ['g'] = c->kv_heads,   ['q'] = c->queries, ['k'] = c->keys,
        ['d'] = c->size,  ['v'] = c->value_size, ['m'] = SLOTS
    };
    size_t n = 1;
    for (const char *l = info->shape; *l; l++)
        n *= length[(unsigned char)*l];
    p->at = filled(w, n, low, high);
    p->rows = SLOTS;
    p->head = strchr("hg", info->shape[0]) ? n / length[(unsigned char)info->shape[0]] : 0;
}

/* Numbers as they are by default; arrays where one is possible. Those that divide stay away from 0. */
static void set_params(struct world *w)
{
    const struct kaon_attention_info *info = info_of(w);
    for (int i = 0; i < KAON_ATTENTION_PARAMS && info->param[i].name; i++) {
        const bool divides = strcmp(info->param[i].name, "eta") == 0;
        w->call.param[i].number = (float)info->param[i].otherwise;
        if (strcmp(info->param[i].name, "window") == 0)
            w->call.param[i].number = 5;
        if (info->param[i].shape[0])
            set_array(w, i, (float)fmax(info->param[i].least, divides ? 0.5 : -1.5),
                      (float)fmin(info->param[i].most, 1.5));
    }
}

static void begin(struct world *w, enum kaon_attention_variant variant, const struct shape *s,
                  bool causal)
{
    w->call = (struct kaon_attention_call){ .variant = variant,
                                            .heads = s->heads,
                                            .kv_heads = s->kv_heads,
                                            .queries = s->queries,
                                            .keys = s->keys,
                                            .size = s->size,
                                            .value_size = s->value_size,
                                            .scale = NAN,
                                            .offset = (int64_t)s->keys - (int64_t)s->queries,
                                            .causal = causal,
                                            .left = -1,
                                            .right = -1 };
    w->call.q = rows(w, s->heads, s->queries, s->size);
    w->call.k = rows(w, s->kv_heads, s->keys, s->size);
    w->call.v = rows(w, s->kv_heads, s->keys, s->value_size);
    set_params(w);
}

/* A key mask that hides key 1, whose values are NaN, and some others. */
static void hide_keys(struct world *w)
{
    struct kaon_attention_call *c = &w->call;
    uint8_t *mask = take(w, c->keys);
    for (size_t j = 0; j < c->keys; j++)
        mask[j] = j != 1 && number(w) % 4 != 0;
    c->key_mask = mask;
    for (size_t h = 0; h < c->kv_heads && c->keys > 1; h++)
        for (size_t d = 0; d < c->value_size; d++)
            ((float *)(uintptr_t)c->v.at)[h * c->v.head + c->v.row + d] = NAN;
}

/* What else of the score pipeline the variant can. */
static void add_pipeline(struct world *w)
{
    struct kaon_attention_call *c = &w->call;
    const struct kaon_attention_info *info = info_of(w);
    const size_t each = c->queries * c->keys;
    if (info->mask) {
        uint8_t *mask = take(w, each);
        for (size_t i = 0; i < each; i++)
            mask[i] = number(w) % 8 != 0;
        c->mask = (struct kaon_attention_bytes){ mask, 0, c->keys, 1 };
    }
    if (info->bias) {
        float *bias = filled(w, c->heads * each, -1.0f, 1.0f);
        for (size_t i = 0; i < c->heads * each; i += 1 + number(w) % 16)
            bias[i] = -INFINITY;
        c->bias = (struct kaon_attention_floats){ bias, each, c->keys, 1 };
    }
    c->softcap = info->softcap ? 3.0f : 0.0f;
    c->slopes = info->slopes ? filled(w, c->heads, 0.0f, 0.2f) : NULL;
    c->left = info->window ? 40 : -1;
    c->right = info->window ? 30 : -1;
}

/* Scores that floats and doubles agree on, for variants that jump: queries of zeros, the scores as the bias. */
static void fix_scores(struct world *w)
{
    struct kaon_attention_call *c = &w->call;
    const size_t each = c->queries * c->keys;
    memset((float *)(uintptr_t)c->q.at, 0, c->heads * c->q.head * sizeof(float));
    c->slopes = NULL;
    c->bias =
        (struct kaon_attention_floats){ filled(w, c->heads * each, -4.0f, 4.0f), each, c->keys, 1 };
}

/* ---- running and comparing -------------------------------------------------------------------- */

static const struct kaon_kernels *kernels(void)
{
    uint32_t cpu = 0;
    kaon_cpu_bits(&cpu, NULL);
    return kaon_kernels_select(cpu);
}

static size_t outputs(const struct world *w)
{
    return w->call.heads * w->call.queries * w->call.value_size;
}

static float *run(struct world *w)
{
    const struct kaon_attention_kernel *a = kernels()->attention[w->call.variant];
    float *out = take(w, outputs(w) * sizeof *out);
    const size_t bytes = (a->scratch(&w->call) * sizeof(float) / 64 + 1) * 64;
    float *scratch = aligned_alloc(64, bytes);
    assert_non_null(scratch);
    memset(scratch, 0xff, bytes);
    w->call.out = out;
    w->call.out_row = w->call.value_size;
    w->call.out_head = w->call.queries * w->call.value_size;
    a->run(&w->call, kernels(), 0, a->items(&w->call), scratch);
    free(scratch);
    return out;
}

static void assert_near(const double *want, const float *got, size_t n, double tolerance,
                        const char *what)
{
    double most = 1;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(want[i]));
    for (size_t i = 0; i < n; i++)
        if (!(fabs(want[i] - (double)got[i]) <= tolerance * most))
            fail_msg("%s: element %zu of %zu is %.9g, not %.9g (largest %.3g)", what, i, n,
                     (double)got[i], want[i], most);
}

static double *widened(struct world *w, const float *x)
{
    double *y = take(w, outputs(w) * sizeof *y);
    for (size_t i = 0; i < outputs(w); i++)
        y[i] = (double)x[i];
    return y;
}

static double tolerance_of(const struct world *w)
{
    /* Weights of both signs over a normaliser, or whose normaliser is a small difference. */
    static const char *const loose[] = { "mlstm",  "gated_linear", "dsf",
                                         "nap",    "mala_paper",   "mala_code",
                                         "exp_l2", "lssar",        "relu_ln" };
    for (size_t i = 0; i < COUNT(loose); i++)
        if (strcmp(info_of(w)->name, loose[i]) == 0)
            return 2e-5;
    return 3e-6;
}

static void assert_definition(struct world *w)
{
    double *want = take(w, outputs(w) * sizeof *want);
    reference_attention(want, &w->call);
    assert_near(want, run(w), outputs(w), tolerance_of(w), info_of(w)->name);
}

/* ---- every variant ---------------------------------------------------------------------------- */

static const struct shape shapes[] = {
    { 1, 1, 1, 1, 8, 8 },   { 4, 4, 15, 15, 16, 16 }, { 6, 2, 11, 11, 10, 7 },
    { 4, 1, 3, 40, 17, 5 }, { 2, 2, 1, 70, 16, 33 },  { 2, 1, 9, 4, 8, 8 },
    { 2, 2, 80, 80, 8, 4 }, { 3, 3, 7, 0, 8, 4 },
};

static void each_variant(void (*check)(struct world *, int variant, const struct shape *,
                                       bool causal))
{
    struct world w = { .random = 88172645463325252u };
    for (int v = 0; v < KAON_ATTENTION_COUNT; v++)
        for (size_t s = 0; s < COUNT(shapes); s++)
            for (int causal = 0; causal < 2; causal++) {
                const struct kaon_attention_info *info = kaon_attention_infos[v];
                if (causal ? info->causal : info->bidirectional)
                    check(&w, v, &shapes[s], causal);
                release(&w);
            }
}

static void check_plain(struct world *w, int v, const struct shape *s, bool causal)
{
    begin(w, (enum kaon_attention_variant)v, s, causal);
    if (info_of(w)->discontinuous)
        fix_scores(w);
    assert_definition(w);
}

static void check_masked(struct world *w, int v, const struct shape *s, bool causal)
{
    begin(w, (enum kaon_attention_variant)v, s, causal);
    hide_keys(w);
    add_pipeline(w);
    if (info_of(w)->discontinuous)
        fix_scores(w);
    assert_definition(w);
}

/* A query that sees nothing gets zeros. */
static void check_none(struct world *w, int v, const struct shape *s, bool causal)
{
    begin(w, (enum kaon_attention_variant)v, s, causal);
    w->call.key_mask = take(w, s->keys);
    const float *out = run(w);
    for (size_t i = 0; i < outputs(w); i++)
        if (out[i] != 0)
            fail_msg("%s: %g of no keys", info_of(w)->name, (double)out[i]);
}

static void test_plain(void **state)
{
    (void)state;
    each_variant(check_plain);
}

static void test_masked(void **state)
{
    (void)state;
    each_variant(check_masked);
}

static void test_none_visible(void **state)
{
    (void)state;
    each_variant(check_none);
}

/* ---- reductions ------------------------------------------------------------------------------- */

/* The same call of another variant, with that one's defaults. */
static void become(struct world *w, enum kaon_attention_variant variant)
{
    w->call.variant = variant;
    memset(w->call.param, 0, sizeof w->call.param);
    for (int i = 0; i < KAON_ATTENTION_PARAMS && info_of(w)->param[i].name; i++)
        w->call.param[i].number = (float)info_of(w)->param[i].otherwise;
}

static const struct shape ordinary = { 4, 2, 13, 21, 12, 9 };

/* `variant` as `set` leaves it gives what `other` gives with its defaults. */
static void assert_reduces(enum kaon_attention_variant variant, enum kaon_attention_variant other,
                           void (*set)(struct world *), double tolerance)
{
    for (int masked = 0; masked < 2; masked++) {
        struct world w = { .random = 362436069u + (uint64_t)variant };
        begin(&w, variant, &ordinary, masked);
        if (masked) {
            hide_keys(&w);
            add_pipeline(&w);
        }
        become(&w, other);
        const double *want = widened(&w, run(&w));
        become(&w, variant);
        set(&w);
        assert_near(want, run(&w), outputs(&w), tolerance, info_of(&w)->name);
        release(&w);
    }
}

static void set_entmax_1(struct world *w)
{
    set_number(w, "alpha", 1.0 + 1e-6);
}

static void set_entmax_15(struct world *w)
{
    set_number(w, "alpha", 1.5);
}

static void set_entmax_2(struct world *w)
{
    set_number(w, "alpha", 2.0);
}

static void set_n_0(struct world *w)
{
    set_number(w, "n", 0.0);
}

static void set_no_length(struct world *w)
{
    set_number(w, "s", 0.0);
    set_number(w, "b", 1.0);
}

static void set_no_temperature(struct world *w)
{
    set_number(w, "beta", 20.0);
}

static void set_many_terms(struct world *w)
{
    set_number(w, "order", 30.0);
}

static void set_all_of_them(struct world *w)
{
    set_number(w, "k", 1e4);
}

static void set_not_clipped(struct world *w)
{
    set_number(w, "zeta", 1.0);
    set_number(w, "gamma", 0.0);
}

static void set_unshaped(struct world *w)
{
    set_number(w, "alpha", 0.0);
    set_number(w, "gamma", 0.0);
}

static void set_as_it_is(struct world *w)
{
    (void)w;
}

static void test_reductions(void **state)
{
    (void)state;
    assert_reduces(KAON_ATTENTION_entmax, KAON_ATTENTION_softmax, set_entmax_1, 2e-5);
    assert_reduces(KAON_ATTENTION_entmax, KAON_ATTENTION_entmax15, set_entmax_15, 1e-6);
    assert_reduces(KAON_ATTENTION_entmax, KAON_ATTENTION_sparsemax, set_entmax_2, 1e-6);
    assert_reduces(KAON_ATTENTION_softmax_2pass, KAON_ATTENTION_softmax, set_as_it_is, 1e-6);
    assert_reduces(KAON_ATTENTION_softmax_n, KAON_ATTENTION_softmax, set_n_0, 1e-6);
    assert_reduces(KAON_ATTENTION_ssmax, KAON_ATTENTION_softmax, set_no_length, 1e-6);
    assert_reduces(KAON_ATTENTION_ssa, KAON_ATTENTION_softmax, set_no_temperature, 1e-6);
    assert_reduces(KAON_ATTENTION_exp_taylor, KAON_ATTENTION_softmax, set_many_terms, 2e-6);
    assert_reduces(KAON_ATTENTION_topk_softmax, KAON_ATTENTION_softmax, set_all_of_them, 1e-6);
    assert_reduces(KAON_ATTENTION_clipped_softmax, KAON_ATTENTION_softmax, set_not_clipped, 1e-6);
    assert_reduces(KAON_ATTENTION_shaped, KAON_ATTENTION_softmax, set_unshaped, 1e-6);
}

/* A window as wide as the sequence is none. */
static void test_wide_window(void **state)
{
    struct world w = { .random = 5 };
    (void)state;
    begin(&w, KAON_ATTENTION_softmax, &ordinary, true);
    const float *want = run(&w);
    w.call.left = (int64_t)ordinary.keys;
    assert_memory_equal(want, run(&w), outputs(&w) * sizeof *want);
    release(&w);
}

/* Angles that grow by the same from token to token: scores depend on the distance only, so a turn of all of them
 * by one more angle changes nothing. */
static void test_rope_is_relative(void **state)
{
    struct world w = { .random = 6 };
    const size_t pairs = ordinary.size / 2, n = 64;
    (void)state;
    begin(&w, KAON_ATTENTION_softmax, &ordinary, true);
    float *cosine = take(&w, n * pairs * sizeof *cosine),
          *sine = take(&w, n * pairs * sizeof *sine);
    for (size_t i = 0; i < n * pairs; i++) {
        const double angle = (double)(i / pairs) * pow(1e4, -(double)(i % pairs) / (double)pairs);
        cosine[i] = (float)cos(angle);
        sine[i] = (float)sin(angle);
    }
    w.call.rope = (struct kaon_attention_rope){
        .cos = cosine, .sin = sine, .pairs = pairs, .query_at = ordinary.keys - ordinary.queries
    };
    assert_definition(&w);
    const double *want = widened(&w, run(&w));
    w.call.rope.query_at += 40;
    w.call.rope.key_at += 40;
    assert_near(want, run(&w), outputs(&w), 3e-6, "rope");
    release(&w);
}

/* Without decay, over the features of linear_elu: queries and keys that are features already. */
static void test_gated_is_linear(void **state)
{
    struct world w = { .random = 7 };
    (void)state;
    begin(&w, KAON_ATTENTION_linear_elu, &ordinary, true);
    set_number(&w, "eps", 0.0);
    const double *want = widened(&w, run(&w));
    for (int i = 0; i < 2; i++) {
        const struct kaon_attention_rows *r = i ? &w.call.k : &w.call.q;
        float *x = (float *)(uintptr_t)r->at;
        for (size_t j = 0; j < (i ? ordinary.kv_heads : ordinary.heads) * r->head; j++)
            x[j] = x[j] > 0 ? x[j] + 1 : expf(x[j]);
    }
    become(&w, KAON_ATTENTION_gated_linear);
    set_array(&w, find(&w, "g"), 0.0f, 0.0f);
    set_number(&w, "norm", 1.0);
    assert_near(want, run(&w), outputs(&w), 2e-6, "gated_linear");
    release(&w);
}

/* A window of all tokens: softmax_n with the number of slots, or softmax. */
static void test_wide_hybrid(void **state)
{
    (void)state;
    for (int skip = 0; skip < 2; skip++) {
        struct world w = { .random = 8 };
        begin(&w, KAON_ATTENTION_softmax_n, &ordinary, true);
        set_number(&w, "n", skip ? 0.0 : SLOTS);
        const double *want = widened(&w, run(&w));
        become(&w, skip ? KAON_ATTENTION_nha_skip : KAON_ATTENTION_nha);
        set_array(&w, find(&w, "g"), -1.0f, 0.0f);
        set_array(&w, find(&w, "q_win"), 0.0f, 0.0f);
        set_array(&w, find(&w, "k_win"), 0.0f, 0.0f);
        for (size_t i = 0; i < ordinary.heads * ordinary.queries * ordinary.size; i++)
            ((float *)(uintptr_t)w.call.param[find(&w, "q_win")].at)[i] =
                w.call.q.at[i / ordinary.size * w.call.q.row + i % ordinary.size];
        for (size_t i = 0; i < ordinary.kv_heads * ordinary.keys * ordinary.size; i++)
            ((float *)(uintptr_t)w.call.param[find(&w, "k_win")].at)[i] =
                w.call.k.at[i / ordinary.size * w.call.k.row + i % ordinary.size];
        set_number(&w, "window", (double)ordinary.keys);
        assert_near(want, run(&w), outputs(&w), 2e-6, info_of(&w)->name);
        release(&w);
    }
}

/* ---- pieces ----------------------------------------------------------------------------------- */

/* Parameters with an axis of tokens, from token t on: copied, since head strides change. */
static void cut_params(struct world *w, const struct kaon_attention_call *whole, size_t t, size_t n)
{
    const struct kaon_attention_info *info = info_of(w);
    for (int i = 0; i < KAON_ATTENTION_PARAMS && info->param[i].name; i++) {
        const struct kaon_attention_param *from = &whole->param[i];
        struct kaon_attention_param *to = &w->call.param[i];
        const char *shape = info->param[i].shape;
        if (!from->at || !(strchr(shape, 'k') || strchr(shape, 'q')))
            continue;
        const size_t heads = shape[0] == 'h' ? whole->heads : whole->kv_heads;
        const size_t each = from->head / whole->keys;
        float *at = take(w, heads * n * each * sizeof *at);
        for (size_t h = 0; h < heads; h++)
            memcpy(at + h * n * each, from->at + h * from->head + t * each, n * each * sizeof *at);
        to->at = at;
        to->head = n * each;
    }
}

/* Runs tokens t .. t + n - 1 of a call whose queries are its keys, behind what `state` holds; into out. */
static void run_piece(struct world *w, const struct kaon_attention_call *whole, size_t t, size_t n,
                      float *state, bool first, float *out)
{
    w->call.queries = w->call.keys = n;
    w->call.offset = 0;
    w->call.q.at = whole->q.at + t * whole->q.row;
    w->call.k.at = whole->k.at + t * whole->k.row;
    w->call.v.at = whole->v.at + t * whole->v.row;
    w->call.key_mask = whole->key_mask + t;
    w->call.past = first ? NULL : state;
    w->call.present = state;
    cut_params(w, whole, t, n);
    const float *got = run(w);
    for (size_t h = 0; h < whole->heads; h++)
        memcpy(out + (h * whole->keys + t) * whole->value_size, got + h * n * whole->value_size,
               n * whole->value_size * sizeof *out);
}

/* Pieces of so many tokens have the bits of the whole. */
static void check_pieces(struct world *w, int variant, size_t piece)
{
    const struct shape s = { 4, 2, 45, 45, 10, 9 };
    begin(w, (enum kaon_attention_variant)variant, &s, true);
    hide_keys(w);
    for (int i = 0; strcmp(info_of(w)->name, "cosformer") == 0 && i < 1; i++)
        set_number(w, "m", 64.0);
    const struct kaon_attention_call whole = w->call;
    const float *want = run(w);
    const size_t n = outputs(w);
    const struct kaon_attention_kernel *a = kernels()->attention[variant];
    w->call.past = w->call.present = (float *)(uintptr_t)want; /* only for the size */
    float *state = take(w, a->state(&w->call) * sizeof *state), *got = take(w, n * sizeof *got);
    for (size_t t = 0; t < s.keys; t += piece)
        run_piece(w, &whole, t, s.keys - t < piece ? s.keys - t : piece, state, t == 0, got);
    if (memcmp(want, got, n * sizeof *got) != 0)
        fail_msg("%s: pieces of %zu tokens differ from the whole", info_of(w)->name, piece);
    release(w);
}

static void test_pieces(void **state)
{
    static const size_t pieces[] = { 1, 2, 7, 33, 45 };
    struct world w = { .random = 9 };
    (void)state;
    for (int v = 0; v < KAON_ATTENTION_COUNT; v++)
        for (size_t i = 0; i < COUNT(pieces); i++)
            if (kaon_attention_infos[v]->family == KAON_ATTENTION_STATE &&
                kaon_attention_infos[v]->causal)
                check_pieces(&w, v, pieces[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),           cmocka_unit_test(test_masked),
        cmocka_unit_test(test_none_visible),    cmocka_unit_test(test_reductions),
        cmocka_unit_test(test_wide_window),     cmocka_unit_test(test_rope_is_relative),
        cmocka_unit_test(test_gated_is_linear), cmocka_unit_test(test_wide_hybrid),
        cmocka_unit_test(test_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
