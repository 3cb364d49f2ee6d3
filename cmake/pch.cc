// Carries the precompiled header; see TransomModule.cmake.
