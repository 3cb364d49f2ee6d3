#include "wamp/serializer.h"

namespace transom::wamp {
namespace {

// Clients that offer several take the first of their own list that we have, so the order here only shows.
constexpr SerializerInfo kSerializers[] = {
    {SerializerId::json, "json", "wamp.2.json", true},
    {SerializerId::msgpack, "msgpack", "wamp.2.msgpack", false},
    {SerializerId::cbor, "cbor", "wamp.2.cbor", false},
};
static_assert(std::size(kSerializers) == kSerializerCount);

}  // namespace

std::span<const SerializerInfo> serializers() { return kSerializers; }

const SerializerInfo& serializer_info(SerializerId id) { return kSerializers[static_cast<std::size_t>(id)]; }

std::optional<SerializerId> serializer_by_name(std::string_view name) {
  for (const SerializerInfo& info : kSerializers) {
    if (info.name == name) return info.id;
  }
  return std::nullopt;
}

std::optional<SerializerId> serializer_by_subprotocol(std::string_view subprotocol) {
  for (const SerializerInfo& info : kSerializers) {
    if (info.subprotocol == subprotocol) return info.id;
  }
  return std::nullopt;
}

}  // namespace transom::wamp
