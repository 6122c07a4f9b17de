#pragma once
#include "ck_atomic.h"
#include "ck_macros.h"
#include "ck_shared.h"
#include "ck_thread.h"
