/* A discriminant as one of its fractions runs: which value suits the backgrounds best. */
#ifndef KAON_TOOLS_EVAL_SCAN_H
#define KAON_TOOLS_EVAL_SCAN_H

#include "tools/eval/sorted.h"

/* The scanned fraction is that of `class`; what is left to 1 goes to `rest`, the others stay. */
struct eval_scan {
    size_t class, rest;
    double efficiency; /* of the signal, at which rejections are taken */
    size_t n;          /* points; 0: nothing to scan in this discriminant */
    double *fraction, *cut;
    double *rejection; /* n x n_classes, 1 / efficiency of D > cut, the cut not rounded */
    double *sum;       /* of rejections, each over its largest, of backgrounds with a probability */
    size_t best;       /* of the sum: ftag's fraction_optimization */
    size_t best_puma;  /* of x^2 + y^2, the rejections of `class` and `rest` over their largest */
};

/* Scans as spec->scan says. To be closed in either case. */
enum kaon_status kaon_eval_scan(struct eval_scan *scan, const struct eval_spec *spec,
                                const struct eval_discriminant *d, const struct eval_scores *scores,
                                struct kaon_msg *msg);
void kaon_eval_scan_close(struct eval_scan *scan);

/* Reads "fc=0:1:50". */
enum kaon_status kaon_eval_scan_parse(struct eval_scan_wish *wish, const char *text,
                                      struct kaon_msg *msg);

#endif
