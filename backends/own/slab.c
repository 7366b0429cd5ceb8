#include "backends/own/slab.h"

#include <string.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t to_panels(size_t n)
{
    return (n + KAON_GEMM_PANEL - 1) / KAON_GEMM_PANEL * KAON_GEMM_PANEL;
}

/* An axis that a window of one element walks without padding goes into the one before it. */
static struct kaon_placed merged(const struct kaon_placed *at)
{
    struct kaon_placed to = *at;
    to.n = 0;
    for (int32_t i = 0; i < at->n; i++) {
        const int64_t width = at->in[i];
        const bool merges = to.n > 0 && at->kernel[i] == 1 && at->begin[i] == 0 &&
                            at->stride[i] == 1 && at->out[i] == width;
        const int32_t last = merges ? to.n - 1 : to.n++;
        to.in[last] = merges ? to.in[last] * width : width;
        to.out[last] = merges ? to.out[last] * width : at->out[i];
        to.begin[last] = merges ? to.begin[last] * width : at->begin[i];
        to.dilation[last] = merges ? to.dilation[last] * width : at->dilation[i];
        to.kernel[last] = merges ? to.kernel[last] : at->kernel[i];
        to.stride[last] = merges ? to.stride[last] : at->stride[i];
    }
    return to;
}

/* Padded lines, and positions from the first to the last that counts. */
static size_t measure(const struct kaon_placed *at, size_t *extent)
{
    size_t positions = 0;
    for (int32_t i = 0; i < at->n; i++) {
        extent[i] = (size_t)(at->out[i] + (at->kernel[i] - 1) * at->dilation[i]);
        positions = positions * extent[i] + (size_t)at->out[i] - 1;
    }
    return positions + 1;
}

bool kaon_slab_suits(const struct kaon_placed *at)
{
    const struct kaon_placed axes = merged(at);
    size_t out = 1, extent[KAON_SPATIAL];
    for (int32_t i = 0; i < axes.n; i++) {
        if (axes.stride[i] != 1 || axes.out[i] < 1)
            return false;
        out *= (size_t)axes.out[i];
    }
    return axes.n > 0 && measure(&axes, extent) <= 2 * to_panels(out);
}

static size_t distance_of(const struct kaon_slab *s, size_t tap)
{
    size_t sum = 0, scale = 1;
    for (int32_t i = s->at.n - 1; i >= 0; i--) {
        const size_t kernel = (size_t)s->at.kernel[i];
        sum += tap % kernel * (size_t)s->at.dilation[i] * scale;
        tap /= kernel;
        scale *= s->extent[i];
    }
    return sum;
}

bool kaon_slab_place(struct kaon_slab *s, const struct kaon_placed *at, struct kaon_arena *memory)
{
    s->at = merged(at);
    s->positions = measure(&s->at, s->extent);
    s->taps = 1;
    for (int32_t i = 0; i < s->at.n; i++)
        s->taps *= (size_t)s->at.kernel[i];
    size_t *distance = kaon_arena_push_zero(memory, s->taps, sizeof *distance);
    for (size_t t = 0; distance && t < s->taps; t++)
        distance[t] = distance_of(s, t);
    s->distance = distance;
    s->reach = distance_of(s, s->taps - 1);
    return distance != NULL;
}

size_t kaon_slab_floats(const struct kaon_slab *s, size_t n)
{
    return to_panels(n) + s->reach;
}

/* Where padded line `line` is in a plane of lines `size` whose first ones are `begin` into the padding; begin NULL:
 * none is. -1 for a line that is not in it. */
static int64_t line_offset(const struct kaon_slab *s, const int64_t *begin, const int64_t *size,
                           size_t line)
{
    const int32_t last = s->at.n - 1;
    int64_t offset = 0, scale = size[last];
    for (int32_t i = last - 1; i >= 0; i--) {
        const int64_t x = (int64_t)(line % s->extent[i]) - (begin ? begin[i] : 0);
        line /= s->extent[i];
        if (x < 0 || x >= size[i])
            return -1;
        offset += x * scale;
        scale *= size[i];
    }
    return line > 0 ? -1 : offset; /* behind the last line */
}

/* n elements of a padded line from element `from` on; line NULL: all of it is padding. */
static void fill_line(float *to, const struct kaon_placed *at, const float *line, size_t from,
                      size_t n)
{
    const int64_t first = (int64_t)from - at->begin[at->n - 1], width = at->in[at->n - 1];
    const size_t before = least(first < 0 ? (size_t)-first : 0, n);
    const size_t begin = first < 0 ? 0 : (size_t)first;
    const size_t left = begin < (size_t)width ? (size_t)width - begin : 0;
    const size_t real = line ? least(left, n - before) : 0;
    memset(to, 0, n * sizeof *to);
    if (real > 0)
        memcpy(to + before, line + begin, real * sizeof *to);
}

/* n elements of a padded plane from element j on; zeros behind its end. */
static void fill(const struct kaon_slab *s, float *to, const float *plane, size_t j, size_t n)
{
    const size_t width = s->extent[s->at.n - 1];
    for (size_t line = j / width, at = j % width; n > 0; line++, at = 0) {
        const size_t some = least(width - at, n);
        const int64_t offset = line_offset(s, s->at.begin, s->at.in, line);
        fill_line(to, &s->at, offset < 0 ? NULL : plane + offset, at, some);
        to += some;
        n -= some;
    }
}

void kaon_slab_pack(const struct kaon_slab *s, float *packed, float *slab, const float *planes,
                    size_t in, size_t channels, size_t j, size_t n)
{
    const size_t floats = kaon_slab_floats(s, n);
    for (size_t k = 0; k < channels; k++)
        fill(s, slab + k * floats, planes + k * in, j, floats);
    for (size_t p = 0; p < n; p += KAON_GEMM_PANEL)
        for (size_t k = 0; k < channels; k++)
            for (size_t t = 0; t < s->taps; t++, packed += KAON_GEMM_PANEL)
                memcpy(packed, slab + k * floats + p + s->distance[t],
                       KAON_GEMM_PANEL * sizeof *packed);
}

void kaon_slab_take(const struct kaon_slab *s, float *plane, const float *results, size_t j,
                    size_t n)
{
    const size_t width = s->extent[s->at.n - 1], out = (size_t)s->at.out[s->at.n - 1];
    for (size_t line = j / width, at = j % width; n > 0; line++, at = 0) {
        const size_t some = least(width - at, n), real = at < out ? least(out - at, some) : 0;
        const int64_t offset = line_offset(s, NULL, s->at.out, line);
        if (offset >= 0 && real > 0)
            memcpy(plane + offset + at, results, real * sizeof *results);
        results += some;
        n -= some;
    }
}
