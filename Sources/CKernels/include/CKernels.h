#pragma once
#include "ck_atomic.h"
#include "ck_optimizer.h"
#include "ck_thread.h"
