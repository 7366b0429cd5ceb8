/* Powers of two by J. W. Cooley and J. W. Tukey (1965), other lengths as a convolution of such by L. I. Bluestein
 * (1970). Every twiddle factor comes from its own sine and cosine, so that errors do not add up. */
#include "backends/own/fourier.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

static bool is_power(size_t n)
{
    return (n & (n - 1)) == 0;
}

/* The power of two that holds the convolution. */
static size_t padded(size_t n)
{
    size_t m = 1;
    while (m < 2 * n - 1)
        m *= 2;
    return m;
}

size_t kaon_fourier_scratch(size_t n)
{
    if (n > (size_t)1 << 40)
        return 0;
    return n < 2 ? 1 : 2 * n + 5 * padded(n);
}

/* Bit-reversed order. */
static void reorder(double *x, size_t n)
{
    for (size_t i = 1, j = 0; i < n; i++) {
        size_t bit = n / 2;
        for (; j & bit; bit /= 2)
            j ^= bit;
        j ^= bit;
        if (i < j)
            for (size_t k = 0; k < 2; k++) {
                const double t = x[2 * i + k];
                x[2 * i + k] = x[2 * j + k];
                x[2 * j + k] = t;
            }
    }
}

/* twiddle: n doubles of room. */
static void power(double *x, size_t n, double sign, double *twiddle)
{
    for (size_t k = 0; k < n / 2; k++) {
        const double angle = sign * 2.0 * PI * (double)k / (double)n;
        twiddle[2 * k] = cos(angle);
        twiddle[2 * k + 1] = sin(angle);
    }
    reorder(x, n);
    for (size_t half = 1; half < n; half *= 2)
        for (size_t i = 0; i < n; i += 2 * half)
            for (size_t k = 0; k < half; k++) {
                const double *w = twiddle + 2 * k * (n / (2 * half));
                double *a = x + 2 * (i + k), *b = a + 2 * half;
                const double re = b[0] * w[0] - b[1] * w[1], im = b[0] * w[1] + b[1] * w[0];
                b[0] = a[0] - re;
                b[1] = a[1] - im;
                a[0] += re;
                a[1] += im;
            }
}

/* e^(sign pi i k^2 / n): k^2 modulo 2 n keeps the angle small. */
static void chirp(double *w, size_t n, double sign)
{
    size_t square = 0;
    for (size_t k = 0; k < n; k++) {
        const double angle = sign * PI * (double)square / (double)n;
        w[2 * k] = cos(angle);
        w[2 * k + 1] = sin(angle);
        square = (square + 2 * k + 1) % (2 * n);
    }
}

static void multiply(double *y, const double *a, const double *b, bool conjugate)
{
    const double im = conjugate ? -b[1] : b[1];
    const double re = a[0] * b[0] - a[1] * im;
    y[1] = a[0] * im + a[1] * b[0];
    y[0] = re;
}

static void convolve(double *x, size_t n, double sign, double *scratch)
{
    const size_t m = padded(n);
    double *w = scratch, *a = w + 2 * n, *b = a + 2 * m, *twiddle = b + 2 * m;
    chirp(w, n, sign);
    memset(a, 0, 4 * m * sizeof *a);
    for (size_t k = 0; k < n; k++) {
        multiply(a + 2 * k, x + 2 * k, w + 2 * k, false);
        b[2 * k] = w[2 * k];
        b[2 * k + 1] = -w[2 * k + 1];
        if (k > 0)
            memcpy(b + 2 * (m - k), b + 2 * k, 2 * sizeof *b);
    }
    power(a, m, -1.0, twiddle);
    power(b, m, -1.0, twiddle);
    for (size_t k = 0; k < m; k++)
        multiply(a + 2 * k, a + 2 * k, b + 2 * k, false);
    power(a, m, 1.0, twiddle);
    for (size_t k = 0; k < n; k++) {
        multiply(x + 2 * k, a + 2 * k, w + 2 * k, false);
        x[2 * k] /= (double)m;
        x[2 * k + 1] /= (double)m;
    }
}

void kaon_fourier(double *x, size_t n, bool inverse, double *scratch)
{
    const double sign = inverse ? 1.0 : -1.0;
    if (n > 1 && is_power(n))
        power(x, n, sign, scratch);
    else if (n > 1)
        convolve(x, n, sign, scratch);
    for (size_t i = 0; inverse && i < 2 * n; i++)
        x[i] /= (double)n;
}
