#include "tools/cli/progress.h"

#include <inttypes.h>

#include "tools/cli/clock.h"

struct kaon_progress kaon_progress_begin(const struct kaon_say *say, bool wanted, const char *unit,
                                         uint64_t total)
{
    const bool on = wanted && !say->quiet && say->terminal;
    return (struct kaon_progress){ .to = on ? say->to : NULL,
                                   .unit = unit,
                                   .total = total,
                                   .began = on ? kaon_clock_seconds() : 0 };
}

static void time_left(FILE *to, double left)
{
    const long s = (long)(left + 0.5);
    if (s >= 3600)
        fprintf(to, ", %ld:%02ld:%02ld left", s / 3600, s / 60 % 60, s % 60);
    else
        fprintf(to, ", %ld:%02ld left", s / 60, s % 60);
}

void kaon_progress_update(struct kaon_progress *p, uint64_t done)
{
    if (!p->to)
        return;
    const double now = kaon_clock_seconds(), spent = now - p->began;
    if (spent < 1 || now - p->shown < 0.2)
        return;
    const double rate = (double)done / spent;
    p->shown = now;
    fprintf(p->to, "\r%" PRIu64, done);
    if (p->total)
        fprintf(p->to, " of %" PRIu64, p->total);
    fprintf(p->to, " %s, %.*f/s", p->unit, rate < 100 ? 1 : 0, rate);
    if (p->total && done && done <= p->total)
        time_left(p->to, (double)(p->total - done) / rate);
    fputs("\033[K", p->to);
    fflush(p->to);
}

void kaon_progress_clear(struct kaon_progress *p)
{
    if (p->to && p->shown > 0) {
        fputs("\r\033[K", p->to);
        fflush(p->to);
        p->shown = 0;
    }
}
