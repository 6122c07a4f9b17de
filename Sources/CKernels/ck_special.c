// The error function, the gamma function and their relatives.
#include <math.h>
#include "ck_loops.h"
#include "ck_math.h"

// lgamma writes a global sign; this form writes ours.
static double ck_log_gamma(double x) {
  int sign;
  return lgamma_r(x, &sign);
}

// The recurrence up to 10, then Stirling's series; the reflection formula below zero.
static double ck_digamma(double x) {
  if (x == 0) return copysign(INFINITY, -x);
  double shift = 0;
  if (x < 0) {
    if (x == floor(x)) return NAN;
    const double fraction = x - trunc(x);
    shift = -M_PI / tan(M_PI * fraction);
    x = 1 - x;
  }
  for (; x < 10; x += 1) shift -= 1 / x;
  if (x == INFINITY) return x;
  const double z = 1 / (x * x);
  double series = 1.0 / 12;
  series = series * z - 691.0 / 32760;
  series = series * z + 1.0 / 132;
  series = series * z - 1.0 / 240;
  series = series * z + 1.0 / 252;
  series = series * z - 1.0 / 120;
  series = series * z + 1.0 / 12;
  return shift + log(x) - 0.5 / x - series * z;
}

// Hurwitz's zeta function, the sum over k of (x + k)^-s: the first terms, then Euler's and Maclaurin's
// formula for the rest.
static double ck_hurwitz_zeta(double s, double x) {
  if (s == 1) return INFINITY;
  if (!(s > 1) || x != x) return NAN;
  if (x <= 0) {
    if (x == floor(x)) return INFINITY;
    if (s != floor(s)) return NAN;
    if (x < -1e6) return NAN;  // too many terms
  }
  double sum = 0;
  for (; x < 12; x += 1) sum += pow(x, -s);
  if (x == INFINITY) return 0;
  const double power = pow(x, -s);
  sum += x * power / (s - 1) + 0.5 * power;
  // The Bernoulli numbers B(2k) / (2k)!.
  static const double bernoulli[] = {
    8.3333333333333333e-2, -1.3888888888888889e-3, 3.3068783068783069e-5, -8.2671957671957672e-7,
    2.0876756987868099e-8, -5.2841901386874932e-10, 1.3382536530684679e-11, -3.3896802963225828e-13,
    8.5860620562778446e-15, -2.1748686985580619e-16};
  double term = s * power / x;
  for (int k = 0; k < 10; k++) {
    sum += bernoulli[k] * term;
    term *= (s + 2 * k + 1) * (s + 2 * k + 2) / (x * x);
  }
  return sum;
}

// The n-th derivative of digamma.
static double ck_polygamma(double n, double x) {
  if (n == 0) return ck_digamma(x);
  if (n == 1 && x < 0.5) {
    // Reflection keeps the sum short.
    const double sine = sin(M_PI * (x - floor(x)));
    return M_PI * M_PI / (sine * sine) - ck_hurwitz_zeta(2, 1 - x);
  }
  const double sign = fmod(n, 2) == 0 ? -1 : 1;
  return sign * tgamma(n + 1) * ck_hurwitz_zeta(n + 1, x);
}

CK_UNARY_FLOAT(erf)
CK_UNARY(float, f32, erfc, erfcf(x))
CK_UNARY(double, f64, erfc, erfc(x))
CK_EACH_FLOAT(CK_UNARY, lgamma, ck_log_gamma((double)x))
CK_EACH_FLOAT(CK_UNARY, digamma, ck_digamma((double)x))
CK_EACH_FLOAT(CK_UNARY, polygamma, ck_polygamma((double)lower, (double)x))

ck_unary_family ck_unary_special = {
  CK_IN_FAMILY(CK_ERF) = {CK_TABLE_FLOAT(ck_erf)},
  CK_IN_FAMILY(CK_ERFC) = {CK_TABLE_FLOAT(ck_erfc)},
  CK_IN_FAMILY(CK_LGAMMA) = {CK_TABLE_FLOAT(ck_lgamma)},
  CK_IN_FAMILY(CK_DIGAMMA) = {CK_TABLE_FLOAT(ck_digamma)},
  CK_IN_FAMILY(CK_POLYGAMMA) = {CK_TABLE_FLOAT(ck_polygamma)},
};
