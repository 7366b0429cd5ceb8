#include "tools/eval/measured.h"

#include <math.h>
#include <stdio.h>

/* Decimals after which x has `digits` significant digits. */
static int decimals_for(double x, int digits)
{
    int n = 0;
    double unit = 1;
    for (int i = 1; i < digits; i++)
        unit *= 10;
    for (x = fabs(x); n < 6 && x < unit; n++)
        x *= 10;
    return n;
}

int kaon_eval_decimals(double value, double error)
{
    const int of_value = isfinite(value) ? decimals_for(value, 3) : 0;
    const int of_error = isfinite(error) && error > 0 ? decimals_for(error, 2) : 0;
    return of_value > of_error ? of_value : of_error;
}

void kaon_eval_measured_text(char *text, size_t room, const struct eval_rejection *r)
{
    if (isinf(r->value)) {
        snprintf(text, room, "inf  [%.*f, inf]", kaon_eval_decimals(r->low, 0), r->low);
        return;
    }
    const int d = kaon_eval_decimals(r->value, r->error);
    snprintf(text, room, "%.*f ± %.*f  [%.*f, %.*f]", d, r->value, d, r->error, d, r->low, d,
             r->high);
}
