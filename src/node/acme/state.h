// What is remembered of ordering a certificate, so that a node that is restarted over and over asks for no more than
// one that runs.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"
#include "node/acme/files.h"

namespace transom::node {

/// Times in seconds since 1970; 0: none.
struct AcmeState {
  unsigned failures = 0;          // in a row
  std::int64_t next_attempt = 0;  // not before, after a failure
  std::int64_t not_before = 0;    // the server's own word (`Retry-After`): nobody overrules it
  std::string last_error;
  unsigned begun = 0;         // attempts whose end nobody saw
  std::int64_t begun_at = 0;  // the last of them
  std::string order;          // URL of the order under way; empty: none
  std::string challenge;      // the type that was used last with success

  /// What the server suggested for the certificate that it calls `renewal_id` (RFC 9773).
  struct Renewal {
    std::string renewal_id;
    std::int64_t begin = 0, end = 0;  // the window
    std::int64_t chosen = 0;          // a time in it
    std::int64_t next_check = 0;
  } renewal;
};

/// A state that cannot be read is as good as none.
AcmeState load_acme_state(const AcmeFiles& files);
Status save_acme_state(const AcmeFiles& files, const AcmeState& state);

}  // namespace transom::node
