#include "tls/acme_challenges.h"

#include <utility>

namespace transom::tls {
namespace {

/// Readers keep the map they have; the next ones get the new one.
template <typename Map>
void put(SharedSlot<Map>& slot, const std::string& key, typename Map::mapped_type value) {
  const auto old = slot.get();
  auto map = old ? std::make_shared<Map>(*old) : std::make_shared<Map>();
  (*map)[key] = std::move(value);
  slot.set(std::move(map));
}

template <typename Map>
void remove(SharedSlot<Map>& slot, const std::string& key) {
  const auto old = slot.get();
  if (!old) return;
  auto map = std::make_shared<Map>(*old);
  map->erase(key);
  if (map->empty()) map.reset();
  slot.set(std::move(map));
}

template <typename Map>
std::optional<typename Map::mapped_type> find(const SharedSlot<Map>& slot, std::string_view key) {
  const auto map = slot.get();
  if (!map) return std::nullopt;
  const auto found = map->find(key);
  return found == map->end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

void AcmeChallenges::put_http(const std::string& token, std::string key_authorization) {
  put(http_, token, std::move(key_authorization));
}
void AcmeChallenges::remove_http(const std::string& token) { remove(http_, token); }
std::optional<std::string> AcmeChallenges::http(std::string_view token) const { return find(http_, token); }

void AcmeChallenges::put_alpn(const std::string& name, std::shared_ptr<SSL_CTX> context) {
  put(alpn_, name, std::move(context));
}
void AcmeChallenges::remove_alpn(const std::string& name) { remove(alpn_, name); }
std::shared_ptr<SSL_CTX> AcmeChallenges::alpn(std::string_view name) const {
  return find(alpn_, name).value_or(nullptr);
}

}  // namespace transom::tls
