#include "tools/check/compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tools/model/element.h"
#include "tools/model/shape.h"

static bool within(double got, double want, const struct kaon_tolerance *t)
{
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got);
    if (isinf(want) || isinf(got))
        return got == want;
    return fabs(got - want) <= t->atol + t->rtol * fabs(want);
}

static bool same_shape(const struct kaon_tensor *a, const struct kaon_tensor *b)
{
    if (a->type != b->type || a->rank != b->rank)
        return false;
    for (int32_t d = 0; d < a->rank; d++)
        if (a->dims[d] != b->dims[d])
            return false;
    return true;
}

/* "[1, 0, 2]" for the i-th element. */
static void index_text(char *to, size_t room, const struct kaon_tensor *t, size_t i)
{
    int64_t index[KAON_MAX_RANK];
    size_t at = 0;
    for (int32_t d = t->rank - 1; d >= 0; d--) {
        index[d] = (int64_t)(i % (size_t)t->dims[d]);
        i /= (size_t)t->dims[d];
    }
    at += (size_t)snprintf(to, room, "[");
    for (int32_t d = 0; d < t->rank; d++)
        at += (size_t)snprintf(to + at, room - at, "%s%" PRId64, d ? ", " : "", index[d]);
    snprintf(to + at, room - at, "]");
}

static const char *text_at(const struct kaon_tensor *t, size_t i)
{
    const char *text = ((const char *const *)t->data)[i];
    return text ? text : "";
}

static bool elements_agree(const struct kaon_tensor *got, const struct kaon_tensor *want,
                           const struct kaon_tolerance *t, struct kaon_mismatch *mismatch)
{
    const size_t n = (size_t)kaon_tensor_count(want), size = kaon_type_bytes(want->type);
    size_t first = n, bad = 0;
    char place[KAON_MAX_RANK * 24];

    if (n == 0 || (size && !memcmp(got->data, want->data, n * size)))
        return true; /* equal bits are equal, NaN too */
    for (size_t i = 0; want->type == KAON_STRING && i < n; i++)
        if (strcmp(text_at(got, i), text_at(want, i))) {
            index_text(place, sizeof place, want, i);
            snprintf(mismatch->text, sizeof mismatch->text, "%s: got \"%.100s\", wanted \"%.100s\"",
                     place, text_at(got, i), text_at(want, i));
            return false;
        }
    for (size_t i = 0; want->type != KAON_STRING && i < n; i++) {
        if (within(kaon_element(got, i), kaon_element(want, i), t))
            continue;
        first = bad++ ? first : i;
    }
    if (!bad)
        return true;
    index_text(place, sizeof place, want, first);
    snprintf(mismatch->text, sizeof mismatch->text,
             "%s: got %.9g, wanted %.9g, allowed %g + %g * |wanted|; %zu of %zu elements differ",
             place, kaon_element(got, first), kaon_element(want, first), t->atol, t->rtol, bad, n);
    return false;
}

static bool sequences_agree(const struct kaon_tensor *got, const struct kaon_tensor *want,
                            const struct kaon_tolerance *t, struct kaon_mismatch *mismatch)
{
    const struct kaon_tensor *g = got->data, *w = want->data;
    struct kaon_mismatch inner;
    for (int64_t i = 0; i < want->dims[0]; i++)
        if (!kaon_values_agree(&g[i], &w[i], t, &inner)) {
            snprintf(mismatch->text, sizeof mismatch->text, "{%" PRId64 "}%.480s", i, inner.text);
            return false;
        }
    return true;
}

bool kaon_values_agree(const struct kaon_tensor *got, const struct kaon_tensor *want,
                       const struct kaon_tolerance *t, struct kaon_mismatch *mismatch)
{
    if (!same_shape(got, want)) {
        snprintf(mismatch->text, sizeof mismatch->text, ": got %.230s, wanted %.230s",
                 kaon_tensor_text(got).text, kaon_tensor_text(want).text);
        return false;
    }
    if (want->type == KAON_SEQUENCE)
        return sequences_agree(got, want, t, mismatch);
    return t->shape_only || elements_agree(got, want, t, mismatch);
}
