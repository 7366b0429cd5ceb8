#include "tools/eval/group.h"

#include "tools/eval/build_classes.h"

#include <string.h>

long kaon_eval_group_class(const struct eval_curve *curve, const struct eval_class *class)
{
    const long c = kaon_eval_class_find(&curve->entry->spec, class->name);
    return c >= 0 && curve->judged->n[c] > 0 ? c : -1;
}

static void add_classes(struct eval_group *group, const struct eval_curve *curve)
{
    const struct eval_spec *spec = &curve->entry->spec;
    for (size_t c = 0; c < spec->n_classes; c++) {
        size_t k = 0;
        while (k < group->n_classes && strcmp(group->class[k] -> name, spec -> class[c].name))
            k++;
        if (k == group->n_classes && k < EVAL_MOST_CLASSES && curve->judged->n[c] > 0)
            group->class[group->n_classes++] = &spec->class[c];
    }
}

/* The reference comes first, the others keep their order. */
static void put_first(struct eval_group *group, const struct eval_entry *reference)
{
    size_t k = 0;
    while (k < group->n && group->curve[k].entry != reference)
        k++;
    if (k == group->n)
        return;
    const struct eval_curve first = group->curve[k];
    for (; k > 0; k--)
        group->curve[k] = group->curve[k - 1];
    group->curve[0] = first;
}

int kaon_eval_group(struct eval_group *group, struct evaluation *e, const char *name)
{
    *group = (struct eval_group){ .name = name };
    group->curve = kaon_eval_pool_take(&e->pool, e->n + 1, sizeof *group->curve);
    for (size_t i = 0; group->curve && i < e->n; i++)
        for (size_t d = 0; d < e->entry[i].spec.n_discriminants; d++) {
            struct eval_judged *j = &e->entry[i].judged[d];
            const struct eval_spec *spec = &e->entry[i].spec;
            if (strcmp(j->of->name, name) || j->n[j->of->signal] == 0 ||
                (group->signal && strcmp(group->signal, spec->class[j->of->signal].name)))
                continue;
            group->signal = spec->class[j->of->signal].name;
            group->curve[group->n] = (struct eval_curve){ &e->entry[i], j };
            add_classes(group, &group->curve[group->n++]);
        }
    if (group->curve)
        put_first(group, &e->entry[e->reference]);
    return group->curve != NULL;
}
