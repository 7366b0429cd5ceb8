/* The discrete Fourier transform of any length, in double. */
#ifndef KAON_BACKENDS_OWN_FOURIER_H
#define KAON_BACKENDS_OWN_FOURIER_H

#include <stdbool.h>
#include <stddef.h>

/* Doubles of scratch for lengths up to n; 0 if that overflows. */
size_t kaon_fourier_scratch(size_t n);

/* x (n complex numbers, real parts first of each pair) becomes sum_j x_j e^(-2 pi i j k / n), with `inverse` the
 * other sign and a factor of 1 / n. */
void kaon_fourier(double *x, size_t n, bool inverse, double *scratch);

#endif
