// Optimiser updates as fused loops over flat memory, and the partial sums of a gradient's norm.
//
// Every loop reads and writes exactly the elements [begin, end). Floating-point contraction is off
// and nothing is reassociated: each instruction-set variant, each split of the range and each number
// of ranks gives the same bits.
#pragma once
#include <stdint.h>

/// Coefficients of one step of stochastic gradient descent.
typedef struct {
  double learning_rate;
  double momentum;
  double weight_decay;
  double gradient_scale; ///< multiplies every gradient first, for clipping
} ck_sgd_step;

/// Coefficients of one step of Adam or AdamW; the caller corrects the bias once a step.
typedef struct {
  double step_size;              ///< lr / (1 - beta1^t)
  double beta1;
  double beta2;
  double bias_correction2_sqrt;  ///< sqrt(1 - beta2^t)
  double epsilon;
  double weight_decay;           ///< added to the gradient (Adam); 0 for AdamW
  double parameter_scale;        ///< 1 - lr * weight_decay (AdamW); 1 for Adam
  double gradient_scale;         ///< multiplies every gradient first, for clipping
} ck_adam_step;

/// p -= lr * (scale * g + weight_decay * p)
void ck_sgd_f32(float *parameters, const float *gradients, int64_t begin, int64_t end, const ck_sgd_step *step);
void ck_sgd_f64(double *parameters, const double *gradients, int64_t begin, int64_t end, const ck_sgd_step *step);

/// b = momentum * b + g; p -= lr * b. The buffer starts at zero, so the first step sets b = g.
void ck_sgd_momentum_f32(float *parameters, const float *gradients, float *buffer, int64_t begin, int64_t end, const ck_sgd_step *step);
void ck_sgd_momentum_f64(double *parameters, const double *gradients, double *buffer, int64_t begin, int64_t end, const ck_sgd_step *step);

/// b = momentum * b + g; p -= lr * (g + momentum * b)
void ck_sgd_nesterov_f32(float *parameters, const float *gradients, float *buffer, int64_t begin, int64_t end, const ck_sgd_step *step);
void ck_sgd_nesterov_f64(double *parameters, const double *gradients, double *buffer, int64_t begin, int64_t end, const ck_sgd_step *step);

/// Adam (Kingma and Ba, 2015) and AdamW (Loshchilov and Hutter, 2019), after PyTorch's formulas.
void ck_adam_f32(float *parameters, const float *gradients, float *mean, float *variance, int64_t begin, int64_t end, const ck_adam_step *step);
void ck_adam_f64(double *parameters, const double *gradients, double *mean, double *variance, int64_t begin, int64_t end, const ck_adam_step *step);

/// The sum of squares of [begin, end), in double precision.
double ck_squared_norm_f32(const float *values, int64_t begin, int64_t end);
double ck_squared_norm_f64(const double *values, int64_t begin, int64_t end);
