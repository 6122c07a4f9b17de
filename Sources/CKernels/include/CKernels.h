// Flat loops over memory, and the few primitives Swift has no cheap form of.
#pragma once
#include "ck_atomic.h"
#include "ck_hogwild.h"
#include "ck_sum.h"
#include "ck_macros.h"
#include "ck_shared.h"
#include "ck_optimizer.h"
#include "ck_thread.h"
