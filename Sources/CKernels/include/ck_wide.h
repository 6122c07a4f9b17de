// What the hand-written register tiles need.
#pragma once

/// Whether the processor has AVX-512.
int ck_wide_available(void);
