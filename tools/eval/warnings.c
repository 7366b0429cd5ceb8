#include "tools/eval/warnings.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
    const char *kind, *text;
} counted[] = {
    { "non_finite_input", "input values that were not finite, replaced" },
    { "truncated", "jets with more tracks than the model takes, of which the first were kept" },
    { "zero_tracks", "jets without tracks" },
    { "no_class", "selected jets of no class, left out" },
    { "bad_score", "selected jets with a score that is no probability, left out" },
    { "non_finite_weight", "selected jets with a weight that is not finite, left out" },
};
/* What is said of stored scores of half precision. */
static const char half_text[] =
    "scores are stored in half precision: discriminants are coarse, and tools that compute in that "
    "type lose e = 1e-10";

enum { N_COUNTED = sizeof counted / sizeof *counted };

/* A class without jets: its rejections and curves cannot be. */
static bool empty_class(const struct eval_entry *e, size_t k, struct eval_warning *w)
{
    const struct eval_spec *spec = &e->spec;
    for (size_t c = 0; c < spec->n_classes; c++) {
        if (e->scores.class_count[c] > 0 || k-- > 0)
            continue;
        w->kind = "empty_class";
        w->count = 0;
        snprintf(w->text, sizeof w->text,
                 "class '%s': no jet passes its cut on %s among %" PRIu64
                 " selected; its curves are left out",
                 spec->class[c].name, spec->class[c].select[0].field, e->scores.selected);
        return true;
    }
    return false;
}

bool kaon_eval_warning(const struct eval_entry *e, size_t k, struct eval_warning *w)
{
    const uint64_t count[N_COUNTED] = {
        e->counts.non_finite, e->counts.truncated, e->counts.empty,
        e->scores.no_class,   e->scores.bad_score, e->scores.bad_weight,
    };
    for (size_t i = 0; i < N_COUNTED; i++) {
        if (count[i] == 0 || k-- > 0)
            continue;
        w->kind = counted[i].kind;
        w->count = count[i];
        snprintf(w->text, sizeof w->text, "%s: %" PRIu64, counted[i].text, count[i]);
        return true;
    }
    if (e->spec.half && k-- == 0) {
        *w = (struct eval_warning){ .kind = "half_scores", .count = e->spec.n_given };
        snprintf(w->text, sizeof w->text, "%s", half_text);
        return true;
    }
    return empty_class(e, k, w);
}
