#include "tools/eval/judge.h"

#include <math.h>
#include <stdlib.h>

#include "tools/cli/interrupt.h"
#include "tools/eval/comparisons.h"
#include "tools/eval/require.h"

enum kaon_status kaon_eval_judge_prepare(struct evaluation *e, struct kaon_msg *msg)
{
    const struct eval_settings *s = &e->settings;
    enum kaon_status status = kaon_eval_find_reference(e, s->reference, msg);
    e->requirement = kaon_eval_pool_take(&e->pool, s->n_requirements + 1, sizeof *e->requirement);
    e->required = kaon_eval_pool_take(&e->pool, s->n_requirements * e->n + 1, sizeof *e->required);
    if (!e->requirement || !e->required)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    for (size_t i = 0; !status && i < s->n_requirements; i++) {
        status = kaon_eval_require_parse(&e->requirement[i], s->requirement[i], msg);
        if (!status)
            status = kaon_eval_require_check(&e->requirement[i], e, msg);
    }
    return status;
}

enum kaon_status kaon_eval_judge_all(struct evaluation *e, struct kaon_msg *msg)
{
    enum kaon_status status = KAON_OK;
    for (size_t i = 0; !status && i < e->n && !kaon_interrupted(); i++)
        status = kaon_eval_entry_judge(&e->entry[i], msg);
    if (!status && !kaon_interrupted())
        status = kaon_eval_compare_all(e, msg);
    for (size_t i = 0; !status && !kaon_interrupted() && i < e->settings.n_requirements; i++)
        for (size_t k = 0; !status && k < e->n; k++)
            if (kaon_eval_require_concerns(&e->requirement[i], &e->entry[k]))
                status = kaon_eval_require_value(&e->requirement[i], &e->entry[k],
                                                 &e->required[i * e->n + k], msg);
    return status;
}

bool kaon_eval_judge_say(const struct evaluation *e, const struct kaon_say *say)
{
    bool all = true;
    for (size_t i = 0; i < e->settings.n_requirements; i++)
        for (size_t k = 0; k < e->n; k++) {
            const double value = e->required[i * e->n + k];
            if (!kaon_eval_require_concerns(&e->requirement[i], &e->entry[k]) ||
                kaon_eval_require_met(&e->requirement[i], value))
                continue;
            if (isnan(value))
                kaon_say_error(say, "%s: %s is not met: it is not defined", e->entry[k].label,
                               e->requirement[i].text);
            else
                kaon_say_error(say, "%s: %s is not met: it is %.6g", e->entry[k].label,
                               e->requirement[i].text, value);
            all = false;
        }
    return all;
}
