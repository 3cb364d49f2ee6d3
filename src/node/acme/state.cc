#include "node/acme/state.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "node/files/durable_file.h"

namespace transom::node {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kMostFailures = 1000;

std::int64_t number(const Json& object, const char* name) {
  const auto found = object.find(name);
  const bool good = found != object.end() && found->is_number_integer();
  return good ? std::max<std::int64_t>(0, found->get<std::int64_t>()) : 0;
}

unsigned count(const Json& object, const char* name) {
  return static_cast<unsigned>(std::min(number(object, name), kMostFailures));
}

std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

AcmeState load_acme_state(const AcmeFiles& files) {
  const auto content = read_if_present(files.state);
  const Json json = Json::parse(content ? content->value_or("") : "", nullptr, false);
  if (!json.is_object()) return {};
  AcmeState state{count(json, "failures"),  number(json, "next_attempt"), number(json, "not_before"),
                  text(json, "last_error"), count(json, "begun"),         number(json, "begun_at"),
                  text(json, "order"),      text(json, "challenge"),      {}};
  const auto renewal = json.find("renewal");
  if (renewal == json.end() || !renewal->is_object()) return state;
  state.renewal = {text(*renewal, "renewal_id"), number(*renewal, "begin"), number(*renewal, "end"),
                   number(*renewal, "chosen"), number(*renewal, "next_check")};
  return state;
}

Status save_acme_state(const AcmeFiles& files, const AcmeState& state) {
  Json json = {{"failures", state.failures},     {"next_attempt", state.next_attempt},
               {"not_before", state.not_before}, {"last_error", state.last_error},
               {"begun", state.begun},           {"begun_at", state.begun_at},
               {"order", state.order},           {"challenge", state.challenge}};
  const auto& renewal = state.renewal;
  json["renewal"] = {{"renewal_id", renewal.renewal_id},
                     {"begin", renewal.begin},
                     {"end", renewal.end},
                     {"chosen", renewal.chosen},
                     {"next_check", renewal.next_check}};
  return write_durably(files.state, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n", 0600);
}

}  // namespace transom::node
