/* exp, log and what statistics make of them, in double, from additions, products and roots alone:
 * the C library's differ from one version and processor to the next, and with them the last digits
 * of every figure. These give the same bits everywhere (with -ffp-contract=off). */
#ifndef KAON_TOOLS_EVAL_MATHD_H
#define KAON_TOOLS_EVAL_MATHD_H

/* Error at most 1 ulp each (measured: log 0.54, exp 0.75); special values as in C. */
double kaon_eval_log(double x);
double kaon_eval_exp(double x);

/* ln Gamma(x) for x > 0; absolute error below 1e-13 * (1 + |result|). */
double kaon_eval_log_gamma(double x);

/* The regularised incomplete beta function I_x(a, b), for a, b > 0 and x in [0, 1]; error about
 * 1e-12. And its inverse in x. */
double kaon_eval_beta(double a, double b, double x);
double kaon_eval_beta_inverse(double a, double b, double share);

/* Probability that a normal variable is further than z deviations from its mean, on either side;
 * relative error below 1e-10. */
double kaon_eval_normal_two_sided(double z);

#endif
