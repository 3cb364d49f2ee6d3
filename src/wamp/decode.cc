// Octets to messages. The grammar is layout.cc's table inside of one array:
//
//   message = [ code, field {, field} {, tail} ]
#include "wamp/layout.h"
#include "wamp/serializer.h"
#include "wamp/value.h"
#include "wire/cbor_reader.h"
#include "wire/json_reader.h"
#include "wire/msgpack_reader.h"
#include "wire/utf8.h"

namespace transom::wamp {
namespace {

using wire::Kind;
using wire::RawValue;
using wire::Token;
static_assert(kMaxNesting == wire::kMaxDepth);

constexpr std::string_view kArgs = "Arguments|list";
constexpr std::string_view kKwargs = "ArgumentsKw|dict";

bool is_end(Kind kind) { return kind == Kind::array_end; }

/// Decodes one message. A template, so that the calls of the reader are direct ones.
template <class Reader>
class Decoder {
 public:
  Decoder(ByteSpan octets, Message& out) : in_(octets), out_(out) {}

  Status run() {
    const Layout* layout = take_head();
    if (layout == nullptr) return failure();
    name_ = layout->name;
    for (int i = 0; i < layout->field_count; ++i) {
      if (!take_field(layout->fields[i], layout->tail)) return failure();
    }
    if (!take_tail(layout->tail)) return failure();
    if (!in_.at_end()) return fail("{}: octets follow behind the end of the message", name_);
    return {};
  }

 private:
  // The parts are members that return false and leave the error here: a Status through every call would cost more
  // than the decoding.
  tl::unexpected<Error> failure() { return tl::make_unexpected(Error{std::move(error_)}); }
  template <typename... Args>
  bool refuse(fmt::format_string<Args...> format, Args&&... args) {
    error_ = fmt::format(format, std::forward<Args>(args)...);
    return false;
  }
  bool refuse_field(std::string_view field, Kind kind, std::string_view wanted) {
    if (kind == Kind::error) return refuse("{}: {}: {}", name_, field, in_.error());
    if (is_end(kind)) return refuse("{}: {} is missing", name_, field);
    return refuse("{}: {} must be {}, it is {}", name_, field, wanted, wire::to_string(kind));
  }

  const Layout* take_head() {
    Token start = in_.next();
    if (start.kind == Kind::error) return no_head("the message is {}", in_.error());
    if (start.kind != Kind::array) return no_head("a message must be a list, it is {}", wire::to_string(start.kind));
    Token code = in_.next();
    if (code.kind == Kind::error) return no_head("the message is {}", in_.error());
    if (is_end(code.kind)) return no_head("a message must not be empty");
    std::optional<std::uint64_t> whole = to_whole(code);
    if (!whole) return no_head("a message must start with its code, an integer; it is {}", wire::to_string(code.kind));
    const Layout* layout = find_layout(*whole);
    if (layout == nullptr) return no_head("the message code {} is not known", *whole);
    out_.type = layout->type;
    return layout;
  }
  template <typename... Args>
  const Layout* no_head(fmt::format_string<Args...> format, Args&&... args) {
    refuse(format, std::forward<Args>(args)...);
    return nullptr;
  }

  bool take_field(const Field& field, Tail tail) {
    if (field.kind == FieldKind::dict) return take_dict(field.name, out_.details);
    Token token = in_.next();
    switch (field.kind) {
      case FieldKind::first_id:
        return take_id(field.name, token, tail == Tail::revocation, out_.request);
      case FieldKind::second_id:
        return take_id(field.name, token, false, out_.id);
      case FieldKind::request_type:
        return take_request_type(field.name, token);
      case FieldKind::realm:
        out_.realm_is_null = token.kind == Kind::null;
        return out_.realm_is_null || take_string(field.name, token, out_.scratch[0], out_.uri);
      case FieldKind::uri:
        return take_string(field.name, token, out_.scratch[0], out_.uri);
      case FieldKind::signature:
        return take_string(field.name, token, out_.scratch[1], out_.signature);
      case FieldKind::dict:
        break;
    }
    return false;
  }

  bool take_id(std::string_view field, const Token& token, bool zero_allowed, Id& id) {
    std::optional<std::uint64_t> whole = to_whole(token);
    if (!whole || (*whole == 0 && !zero_allowed)) {
      if (token.kind != Kind::error && !is_end(token.kind)) {
        return refuse("{}: {} must be an integer from 1 to 2^53", name_, field);
      }
      return refuse_field(field, token.kind, {});
    }
    id = *whole;
    return true;
  }

  bool take_request_type(std::string_view field, const Token& token) {
    std::optional<std::uint64_t> whole = to_whole(token);
    if (!whole) return refuse_field(field, token.kind, "the code of a message");
    if (find_layout(*whole) == nullptr) return refuse("{}: {} {} is no message code", name_, field, *whole);
    out_.request_type = static_cast<MessageType>(*whole);
    return true;
  }

  bool take_string(std::string_view field, const Token& token, std::string& scratch, std::string_view& text) {
    if (token.kind != Kind::text) return refuse_field(field, token.kind, "a string");
    if (token.encoded) {
      in_.unpack(token, scratch);
      text = scratch;
    } else {
      text = as_text(token.octets);
    }
    return true;
  }

  // Options and details are the router's business: their keys must be strings on every level.
  bool take_dict(std::string_view field, ByteSpan& dict) {
    RawValue raw = in_.skip(wire::kMaxDepth);
    if (raw.kind != Kind::map) return refuse_field(field, raw.kind, "a dict");
    dict = raw.octets;
    return true;
  }

  bool take_tail(Tail tail) {
    switch (tail) {
      case Tail::payload:
        return take_payload();
      case Tail::revocation:
        return take_revocation();
      case Tail::none:
        break;
    }
    return take_end();
  }

  bool take_payload() {
    RawValue args = in_.skip();
    if (is_end(args.kind)) return true;
    if (args.kind != Kind::array && !is_opaque(args)) {
      return refuse_field(kArgs, args.kind, "a list (or one binary)");
    }
    out_.payload.args = args.octets;
    RawValue kwargs = in_.skip(1);
    if (is_end(kwargs.kind)) return true;
    if (kwargs.kind != Kind::map) return refuse_field(kKwargs, kwargs.kind, "a dict");
    out_.payload.kwargs = kwargs.octets;
    return take_end();
  }

  // Payload transparency puts one binary where the list stands; in JSON that is a string that begins with NUL.
  // Autobahn also takes any other string there when the options name the algorithm.
  bool is_opaque(const RawValue& args) {
    if (args.kind == Kind::binary) return true;
    if (args.kind != Kind::text) return false;
    if (out_.payload.serializer == SerializerId::json && as_text(args.octets).starts_with("\"\\u0000")) return true;
    return names_algorithm();
  }

  bool names_algorithm() {
    Reader options(out_.details);
    std::string name;
    options.next();
    for (Token key = options.next(); key.is_key; key = options.next()) {
      options.unpack(key, name);
      if (name == "enc_algo") return true;
      options.skip();
    }
    return false;
  }

  bool take_revocation() {
    RawValue details = in_.skip(wire::kMaxDepth);
    if (is_end(details.kind)) {
      return out_.request != 0 || refuse("{}: the request id 0 needs Details|dict behind it", name_);
    }
    if (details.kind != Kind::map) return refuse_field("Details|dict", details.kind, "a dict");
    out_.details = details.octets;
    return take_end();
  }

  bool take_end() {
    Token end = in_.next();
    if (is_end(end.kind)) return true;
    if (end.kind == Kind::error) return refuse("{}: {}", name_, in_.error());
    return refuse("{}: too many elements", name_);
  }

  Reader in_;
  Message& out_;
  std::string_view name_ = "message";
  std::string error_;
};

void reset(SerializerId serializer, Message& out) {
  out.type = out.request_type = MessageType::none;
  out.request = out.id = 0;
  out.uri = out.signature = {};
  out.realm_is_null = false;
  out.details = {};
  out.payload = {serializer, {}, {}};
}

}  // namespace

Status decode(SerializerId serializer, ByteSpan octets, bool utf8_checked, Message& out) {
  reset(serializer, out);
  switch (serializer) {
    case SerializerId::msgpack:
      return Decoder<wire::MsgpackReader>(octets, out).run();
    case SerializerId::cbor:
      return Decoder<wire::CborReader>(octets, out).run();
    case SerializerId::json:
      break;
  }
  if (!utf8_checked && !wire::is_utf8(octets)) return fail("the message is not valid JSON: it is not UTF-8");
  return Decoder<wire::JsonReader>(octets, out).run();
}

}  // namespace transom::wamp
