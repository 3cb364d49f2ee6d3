// OpenSSL's per-thread error queue: read once where something failed, never left behind for the next caller.
#pragma once
#include <string>

namespace transom::tls {

/// Empties the queue when it begins and when it ends, so that what happens in between neither sees old errors nor
/// leaves new ones: a stale entry would make SSL_get_error condemn an innocent connection.
class ErrorScope {
 public:
  ErrorScope();
  ~ErrorScope();
  ErrorScope(const ErrorScope&) = delete;
  ErrorScope& operator=(const ErrorScope&) = delete;
};

/// The reason of the oldest entry, which is the cause, in OpenSSL's words; takes nothing off the queue.
std::string openssl_reason();

}  // namespace transom::tls
