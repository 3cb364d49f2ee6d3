#include "wamp/options.h"

#include <array>

#include "wamp/option_reader.h"

namespace transom::wamp {
namespace {

constexpr std::array<std::string_view, 3> kMatches = {"exact", "prefix", "wildcard"};
constexpr std::array<std::string_view, 5> kInvokes = {"single", "first", "last", "roundrobin", "random"};

constexpr std::array<std::string_view, 3> kCancelModes = {"skip", "kill", "killnowait"};

// Most messages carry no option; a map of none has one form that all libraries write.
bool is_empty_dict(SerializerId serializer, ByteSpan dict) {
  switch (serializer) {
    case SerializerId::json:
      return dict.size() == 2;
    case SerializerId::msgpack:
      return dict.size() == 1 && dict[0] == 0x80;
    case SerializerId::cbor:
      return dict.size() == 1 && dict[0] == 0xA0;
  }
  return false;
}

// What the messages that carry a payload or a topic share: checked, as a wrong one would reach a receiver, not used.
enum Common { kForwardFor, kTransactionHash, kEncAlgo, kEncKey, kEncSerializer, kCommonCount };

void check_common(int option, OptionReader& in) {
  std::string unused;
  switch (option) {
    case kForwardFor:
      return in.dict_list();
    case kEncAlgo:
      return in.algorithm();
    default:
      in.text(unused);
  }
}

// Reads one dict: `names` begin with those of Common, `read` reads one of the others.
template <typename Options, std::size_t N, typename Read>
Result<Options> read_options(SerializerId serializer, ByteSpan dict, const std::array<std::string_view, N>& names,
                             Read read) {
  Options out;
  if (is_empty_dict(serializer, dict)) return out;
  OptionReader in(serializer, dict);
  for (int option = in.next(names); option >= 0; option = in.next(names)) {
    option < kCommonCount ? check_common(option, in) : read(option, in, out);
  }
  Status status = in.status();
  if (!status) return tl::make_unexpected(std::move(status.error()));
  return out;
}

// The names of Common and behind them those of one message.
template <std::size_t N>
constexpr std::array<std::string_view, kCommonCount + N> names_with_common(const std::string_view (&own)[N]) {
  std::array<std::string_view, kCommonCount + N> names = {"forward_for", "transaction_hash", "enc_algo", "enc_key",
                                                          "enc_serializer"};
  for (std::size_t i = 0; i < N; ++i) names[kCommonCount + i] = own[i];
  return names;
}

}  // namespace

std::string_view to_string(CancelMode mode) { return kCancelModes[static_cast<std::size_t>(mode)]; }

std::string_view to_string(Match match) { return kMatches[static_cast<std::size_t>(match)]; }

Result<PublishOptions> read_publish_options(SerializerId serializer, ByteSpan dict) {
  enum {
    kAcknowledge = kCommonCount,
    kExcludeMe,
    kExclude,
    kEligible,
    kExcludeAuthid,
    kExcludeAuthrole,
    kEligibleAuthid,
    kEligibleAuthrole,
    kDiscloseMe,
    kRetain,
    kCount
  };
  static constexpr auto kNames =
      names_with_common({"acknowledge", "exclude_me", "exclude", "eligible", "exclude_authid", "exclude_authrole",
                         "eligible_authid", "eligible_authrole", "disclose_me", "retain"});
  static_assert(kNames.size() == kCount);
  return read_options<PublishOptions>(serializer, dict, kNames, [](int option, OptionReader& in, PublishOptions& out) {
    switch (option) {
      case kAcknowledge:
        return in.boolean(out.acknowledge);
      case kExcludeMe:
        return in.boolean(out.exclude_me);
      case kExclude:
        return in.id_list(out.exclude);
      case kEligible:
        return in.id_list(out.eligible);
      case kExcludeAuthid:
        return in.text_list(out.exclude_authid);
      case kExcludeAuthrole:
        return in.text_list(out.exclude_authrole);
      case kEligibleAuthid:
        return in.text_list(out.eligible_authid);
      case kEligibleAuthrole:
        return in.text_list(out.eligible_authrole);
      case kDiscloseMe:
        return in.boolean(out.disclose_me);
      default:
        return in.boolean(out.retain);
    }
  });
}

Result<MatchOptions> read_match_options(SerializerId serializer, ByteSpan dict) {
  enum { kMatch = kCommonCount, kGetRetained, kInvoke, kDiscloseCaller, kCount };
  static constexpr auto kNames = names_with_common({"match", "get_retained", "invoke", "disclose_caller"});
  static_assert(kNames.size() == kCount);
  return read_options<MatchOptions>(serializer, dict, kNames, [](int option, OptionReader& in, MatchOptions& out) {
    std::size_t word = 0;
    switch (option) {
      case kMatch:
        in.word(kMatches, word);
        out.match = static_cast<Match>(word);
        return;
      case kInvoke:
        in.word(kInvokes, word);
        out.invoke = kInvokes[word];
        return;
      case kGetRetained:
        return in.boolean(out.get_retained);
      default:
        return in.boolean(out.disclose_caller);
    }
  });
}

Result<CallOptions> read_call_options(SerializerId serializer, ByteSpan dict) {
  enum { kReceiveProgress = kCommonCount, kProgress, kDiscloseMe, kTimeout, kCount };
  static constexpr auto kNames = names_with_common({"receive_progress", "progress", "disclose_me", "timeout"});
  static_assert(kNames.size() == kCount);
  return read_options<CallOptions>(serializer, dict, kNames, [](int option, OptionReader& in, CallOptions& out) {
    switch (option) {
      case kReceiveProgress:
        return in.boolean(out.receive_progress);
      case kProgress:
        return in.boolean(out.progress);
      case kDiscloseMe:
        return in.boolean(out.disclose_me);
      default:
        return in.whole(out.timeout_ms);
    }
  });
}

Result<CancelMode> read_cancel_mode(SerializerId serializer, ByteSpan dict) {
  static constexpr auto kNames = names_with_common({"mode"});
  struct Mode {
    std::size_t index = static_cast<std::size_t>(CancelMode::killnowait);
  };
  auto mode = read_options<Mode>(serializer, dict, kNames,
                                 [](int, OptionReader& in, Mode& out) { in.word(kCancelModes, out.index); });
  if (!mode) return tl::make_unexpected(std::move(mode.error()));
  return static_cast<CancelMode>(mode->index);
}

Result<EventDetails> read_event_details(SerializerId serializer, ByteSpan dict) {
  enum { kPublisher = kCommonCount, kAuthid, kAuthrole, kTopic, kRetained, kAcknowledgedDelivery, kCount };
  static constexpr auto kNames = names_with_common(
      {"publisher", "publisher_authid", "publisher_authrole", "topic", "retained", "x_acknowledged_delivery"});
  static_assert(kNames.size() == kCount);
  return read_options<EventDetails>(serializer, dict, kNames, [](int option, OptionReader& in, EventDetails& out) {
    bool unused = false;
    switch (option) {
      case kPublisher:
        return in.id(out.publisher);
      case kAuthid:
        in.text(out.publisher_authid);
        return;
      case kAuthrole:
        in.text(out.publisher_authrole);
        return;
      case kTopic:
        in.text(out.topic);
        return;
      case kRetained:
        return in.boolean(out.retained);
      default:
        return in.boolean(unused);
    }
  });
}

}  // namespace transom::wamp
