#include "tls/openssl_error.h"

#include <openssl/err.h>

namespace transom::tls {

namespace {

/// Looking is several times cheaper than clearing, and there is nearly never anything to clear.
void clear_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

}  // namespace

ErrorScope::ErrorScope() { clear_errors(); }
ErrorScope::~ErrorScope() { clear_errors(); }

std::string openssl_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  return reason == nullptr ? "no reason given by OpenSSL" : reason;
}

}  // namespace transom::tls
