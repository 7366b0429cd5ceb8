/* Native hybrid attention: one softmax over a window of tokens and the slots that older tokens are written to.
 *
 * Token t - shift is written to the slots at step t, before queries read. A ring keeps the tokens that are in the
 * window or wait to be written. Keys, rotated ones and those of slots, lie sixteen side by side, an element of the
 * head a vector, so that scores need no sums across lanes. Tokens go one by one: what each costs is what reading the
 * slots costs, and the bits are the same whether they come at once or through past and present. */
#include "kernels/attention/attention.h"
#include "kernels/isa.h"
#include "kernels/vmath.h"

enum { GATE, Q_WINDOW, K_WINDOW, WINDOW, SHIFT };
enum { SEEN, HEADER = VLEN };

struct hybrid {
    const struct kaon_attention_call *call;
    bool skip; /* slots are not there before the first is written */
    size_t kv, window, shift, ring, slots, size, width;
    float *header;
    float *slot_k, *slot_v; /* [slots / VLEN][size][VLEN], [slots][width] */
    float *ring_w, *ring_k, *ring_v,
        *ring_g;           /* [ring / VLEN][size][VLEN], [ring][size], [width], [slots] */
    float *found, *weight; /* room: [ring], [slots + ring] */
};

static size_t aligned(size_t floats)
{
    return (floats + VLEN - 1) / VLEN * VLEN;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void measure(struct hybrid *h, const struct kaon_attention_call *c)
{
    const float shift = c->param[SHIFT].number;
    h->call = c;
    h->window = (size_t)c->param[WINDOW].number;
    h->shift = isnan(shift) ? h->window : (size_t)shift;
    h->ring = h->window > h->shift ? h->window : h->shift + 1;
    if (!c->past && !c->present)
        h->ring = least(h->ring, c->keys ? c->keys : 1);
    h->ring = aligned(h->ring);
    h->slots = c->param[GATE].rows;
    h->size = c->size;
    h->width = aligned(c->value_size);
}

static size_t floats_of_head(const struct hybrid *h)
{
    return HEADER + aligned(h->slots) * (h->size + h->width) +
           h->ring * (2 * h->size + h->width + aligned(h->slots));
}

static size_t items(const struct kaon_attention_call *c)
{
    return c->kv_heads;
}

static size_t scratch(const struct kaon_attention_call *c)
{
    struct hybrid h;
    measure(&h, c);
    return 2 * h.ring + aligned(h.slots) + VLEN + (c->present ? 0 : floats_of_head(&h));
}

static size_t state(const struct kaon_attention_call *c)
{
    struct hybrid h;
    measure(&h, c);
    return c->kv_heads * floats_of_head(&h);
}

static void place(struct hybrid *h, float *at)
{
    const struct kaon_attention_call *c = h->call;
    const size_t slots = aligned(h->slots), n = floats_of_head(h);
    h->found = at;
    h->weight = h->found + h->ring;
    h->header = c->present ? c->present + h->kv * n : h->weight + slots + h->ring + VLEN;
    h->slot_k = h->header + HEADER;
    h->slot_v = h->slot_k + slots * h->size;
    h->ring_w = h->slot_v + slots * h->width;
    h->ring_k = h->ring_w + h->ring * h->size;
    h->ring_v = h->ring_k + h->ring * h->size;
    h->ring_g = h->ring_v + h->ring * h->width;
    if (!c->past)
        memset(h->header, 0, n * sizeof *h->header);
    else if (c->past != c->present)
        memcpy(h->header, c->past + h->kv * n, n * sizeof *h->header);
}

/* Slots m = e^g m + (1 - e^g) token, for the token at this place of the ring. */
static void write_slots(const struct hybrid *h, size_t place)
{
    const float *k = h->ring_k + place * h->size, *v = h->ring_v + place * h->width;
    const float *gate = h->ring_g + place * aligned(h->slots);
    for (size_t m = 0; m < h->slots; m += VLEN) {
        const vf change = v_expm1_negative(v_load(gate + m)),
                 kept = v_exp_negative(v_load(gate + m));
        float *at = h->slot_k + m * h->size;
        for (size_t d = 0; d < h->size; d++, at += VLEN)
            v_store(at, v_fnma(change, v_set(k[d]), v_mul(kept, v_load(at))));
        float keep[VLEN], add[VLEN];
        v_store(keep, kept);
        v_store(add, v_neg(change));
        for (size_t i = 0; i < VLEN && m + i < h->slots; i++)
            for (size_t d = 0; d < h->width; d += VLEN) {
                float *slot = h->slot_v + (m + i) * h->width + d;
                v_store(slot,
                        v_fma(v_set(add[i]), v_load(v + d), v_mul(v_set(keep[i]), v_load(slot))));
            }
    }
}

/* Token j of the call becomes the newest. */
static void absorb(const struct hybrid *h, size_t j)
{
    const struct kaon_attention_call *c = h->call;
    const struct kaon_attention_param *g = &c->param[GATE], *w = &c->param[K_WINDOW];
    const size_t seen = (size_t)h->header[SEEN], place = seen % h->ring;
    const float *window = w->at + h->kv * w->head + j * h->size;
    memcpy(h->ring_k + place * h->size, c->k.at + h->kv * c->k.head + j * c->k.row,
           h->size * sizeof(float));
    memcpy(h->ring_v + place * h->width, c->v.at + h->kv * c->v.head + j * c->v.row,
           c->value_size * sizeof(float));
    memcpy(h->ring_g + place * aligned(h->slots), g->at + h->kv * g->head + j * h->slots,
           h->slots * sizeof(float));
    for (size_t d = 0; d < h->size; d++)
        h->ring_w[(place / VLEN * h->size + d) * VLEN + place % VLEN] = window[d];
    if (seen >= h->shift)
        write_slots(h, (seen - h->shift) % h->ring);
    h->header[SEEN] = (float)(seen + 1);
}

/* x[i] = scale q . k_i for n keys that lie sixteen side by side */
static void score(float *x, const float *q, const float *keys, size_t n, size_t size, float scale)
{
    for (size_t i = 0; i < n; i += VLEN) {
        vf sum = v_set(0.0f);
        for (size_t d = 0; d < size; d++)
            sum = v_fma(v_set(q[d]), v_load(keys + i * size + d * VLEN), sum);
        v_store(x + i, v_mul(sum, v_set(scale)));
    }
}

/* x becomes e^(x - max); their sum */
static float exponentials(float *x, size_t n)
{
    vf max = v_set(-INFINITY), sum = v_set(0.0f);
    for (size_t i = 0; i < n; i += VLEN)
        max = v_max(max, v_load_fill(x + i, n - i, v_set(-INFINITY)));
    max = v_fold(max, v_max);
    for (size_t i = 0; i < n; i += VLEN) {
        const vf e = v_exp_negative(v_sub(v_load_fill(x + i, n - i, v_set(-INFINITY)), max));
        sum = v_add(sum, e);
        v_store_n(x + i, e, n - i);
    }
    return v_sum(sum);
}

/* What a query of a head gets from slots and window as they stand. */
static void read(const struct hybrid *h, size_t head, size_t query, float *out)
{
    const struct kaon_attention_call *c = h->call;
    const struct kaon_attention_param *w = &c->param[Q_WINDOW];
    const float scale = isnan(c->scale) ? 1.0f / sqrtf((float)h->size) : c->scale;
    const size_t seen = (size_t)h->header[SEEN], n = least(seen, h->window);
    const size_t slots = h->skip && seen <= h->shift ? 0 : h->slots;
    score(h->weight, c->q.at + head * c->q.head + query * c->q.row, h->slot_k, slots, h->size,
          scale);
    score(h->found, w->at + head * w->head + query * h->size, h->ring_w, least(seen, h->ring),
          h->size, scale);
    for (size_t i = 0; i < n; i++)
        h->weight[slots + i] = h->found[(seen - n + i) % h->ring];
    const vf factor = v_set(1.0f / exponentials(h->weight, slots + n));
    for (size_t d = 0; d < c->value_size; d += VLEN) {
        vf sum = v_set(0.0f);
        for (size_t i = 0; i < slots; i++)
            sum = v_fma(v_set(h->weight[i]), v_load(h->slot_v + i * h->width + d), sum);
        for (size_t i = 0; i < n; i++)
            sum = v_fma(v_set(h->weight[slots + i]),
                        v_load(h->ring_v + (seen - n + i) % h->ring * h->width + d), sum);
        v_store_n(out + d, v_mul(sum, factor), c->value_size - d);
    }
}

/* Takes in the tokens below `end`; returns the first that is left. */
static size_t absorb_until(const struct hybrid *h, size_t key, size_t end)
{
    const uint8_t *mask = h->call->key_mask;
    for (; key < end; key++)
        if (!mask || mask[key])
            absorb(h, key);
    return key;
}

static void run_head(const struct hybrid *h)
{
    const struct kaon_attention_call *c = h->call;
    const size_t group = c->heads / c->kv_heads;
    size_t key = 0;
    for (size_t i = 0; i < c->queries; i++) {
        const int64_t p = (int64_t)i + c->offset;
        const size_t end = p < 0 ? 0 : least((size_t)p + 1, c->keys);
        key = absorb_until(h, key, end);
        for (size_t head = h->kv * group; head < (h->kv + 1) * group; head++) {
            float *out = c->out + head * c->out_head + i * c->out_row;
            if (h->header[SEEN] > 0)
                read(h, head, i, out);
            else
                memset(out, 0, c->value_size * sizeof *out);
        }
    }
    if (c->present)
        absorb_until(h, key, c->keys);
}

static void run_heads(const struct kaon_attention_call *c, size_t from, size_t to, float *room,
                      bool skip)
{
    struct hybrid h = { .skip = skip };
    measure(&h, c);
    for (h.kv = from; h.kv < to; h.kv++) {
        place(&h, room);
        run_head(&h);
    }
}

static void run_count(const struct kaon_attention_call *c, const struct kaon_kernels *kernels,
                      size_t from, size_t to, float *room)
{
    (void)kernels;
    run_heads(c, from, to, room, false);
}

static void run_skip(const struct kaon_attention_call *c, const struct kaon_kernels *kernels,
                     size_t from, size_t to, float *room)
{
    (void)kernels;
    run_heads(c, from, to, room, true);
}

const struct kaon_attention_kernel KAON_K(kaon_attention_nha) = {
    .items = items,
    .scratch = scratch,
    .run = run_count,
    .state = state,
};

const struct kaon_attention_kernel KAON_K(kaon_attention_nha_skip) = {
    .items = items,
    .scratch = scratch,
    .run = run_skip,
    .state = state,
};

#ifdef KAON_ISA_SCALAR
#define COMMON                                                                                     \
    .formula = "softmax(scale q.[K~ slots | k_win window]), K~_m = e^g_m K~_m + (1 - e^g_m) k",    \
    .source = "arXiv:2510.07019", .state = "K~, V~, ring of tokens",                               \
    .family = KAON_ATTENTION_STATE, .causal = true,                                                \
    .param = { [GATE] = { "g", 0.0, -1e4, 0.0, "gkm", true },                                      \
               [Q_WINDOW] = { "q_win", 0.0, -1e18, 1e18, "hqd", true },                            \
               [K_WINDOW] = { "k_win", 0.0, -1e18, 1e18, "gkd", true },                            \
               [WINDOW] = { "window", 64.0, 1.0, 1 << 24, "", false },                             \
               [SHIFT] = { "shift", NAN, 0.0, 1 << 24, "", false } }

const struct kaon_attention_info kaon_attention_info_nha = {
    COMMON,
    .name = "nha",
    .title = "native hybrid attention: slots and a window under one softmax",
};

const struct kaon_attention_info kaon_attention_info_nha_skip = {
    COMMON,
    .name = "nha_skip",
    .title = "native hybrid attention without the slots until the first is written",
};
#endif
