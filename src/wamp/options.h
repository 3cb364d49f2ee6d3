// The options and details a router reads from messages. Unknown keys are ignored (spec), a wrong type or value of a
// known key is a protocol violation that names the key.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "wamp/message.h"

namespace transom::wamp {

enum class Match : std::uint8_t { exact, prefix, wildcard };
std::string_view to_string(Match match);

/// PUBLISH.Options.
struct PublishOptions {
  bool acknowledge = false;
  bool exclude_me = true;
  // Subscriber black- and whitelisting; absent is different from empty (an empty `eligible` means nobody).
  std::optional<std::vector<Id>> exclude, eligible;
  std::optional<std::vector<std::string>> exclude_authid, exclude_authrole, eligible_authid, eligible_authrole;
  bool disclose_me = false;
  bool retain = false;
  bool has_lists() const {
    return exclude || eligible || exclude_authid || exclude_authrole || eligible_authid || eligible_authrole;
  }
};

/// SUBSCRIBE.Options and REGISTER.Options.
struct MatchOptions {
  Match match = Match::exact;
  bool get_retained = false;      // SUBSCRIBE
  std::string invoke = "single";  // REGISTER: single, first, last, roundrobin, random
  bool disclose_caller = false;   // REGISTER
};

/// CANCEL.Options.mode: answer the caller now and leave the callee alone; interrupt the callee and wait for its answer;
/// or answer now and interrupt as well (what a client that says nothing means).
enum class CancelMode : std::uint8_t { skip, kill, killnowait };
std::string_view to_string(CancelMode mode);

/// CALL.Options and YIELD.Options.
struct CallOptions {
  bool receive_progress = false;  // CALL
  bool progress = false;          // YIELD (and progressive CALL)
  bool disclose_me = false;       // CALL
  std::uint64_t timeout_ms = 0;   // CALL
};

/// EVENT.Details, for a client. Empty strings: absent.
struct EventDetails {
  std::optional<Id> publisher;
  std::string publisher_authid, publisher_authrole;
  std::string topic;
  bool retained = false;
};

/// Most entries of one list among the options.
inline constexpr std::size_t kMaxOptionList = 65536;

/// Each reads `dict`, a raw map in `serializer`; an empty map costs a few nanoseconds. The error names the option, e.g.
/// `invalid type for option "acknowledge": a boolean is needed`.
Result<PublishOptions> read_publish_options(SerializerId serializer, ByteSpan dict);
Result<MatchOptions> read_match_options(SerializerId serializer, ByteSpan dict);
Result<CallOptions> read_call_options(SerializerId serializer, ByteSpan dict);
Result<CancelMode> read_cancel_mode(SerializerId serializer, ByteSpan dict);
Result<EventDetails> read_event_details(SerializerId serializer, ByteSpan dict);

}  // namespace transom::wamp
