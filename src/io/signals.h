// Signals that people and service managers send, as events of a loop.
#pragma once
#include <uv.h>

#include <functional>

#include "io/loop.h"

namespace transom::io {

/// Keeps SIGTERM, SIGINT and SIGHUP for a `Signals` instead of letting them end the process: one that comes while the
/// node starts is served when it runs, and one that comes while it ends changes nothing. For the main thread, before
/// it makes others, which take this over from it.
void hold_signals();

/// Receives what `hold_signals` keeps. Made and destroyed on the loop's thread, or while the loop does not run.
class Signals {
 public:
  /// `callback` gets the signal's number on the loop's thread.
  Signals(Loop& loop, std::function<void(int)> callback);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct Watch;
  Watch* watch_;  // the loop frees it when its handle is closed
};

}  // namespace transom::io
