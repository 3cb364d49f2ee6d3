#include "node/session_list.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "router/realm.h"

namespace transom::node {
namespace {

using nlohmann::json;

struct Part {
  std::vector<json> sessions;
  std::size_t total = 0;
};

/// Channel ids stay between the two ends of a connection: a signature over one is worth as much as the session.
json describe(const router::Session& session) {
  json transport = router::describe(session.peer().transport_facts());
  transport.erase("channel_id");
  return {{"session", session.id()},
          {"realm", session.realm_name()},
          {"authid", session.authid()},
          {"authrole", session.authrole()},
          {"transport", std::move(transport)}};
}

/// On the core's own thread.
Part sessions_of(serve::Core& core) {
  Part part;
  part.total = core.router().session_count();
  core.router().for_each_session([&part](router::Session& session) {
    if (part.sessions.size() < kMaxListedSessions) part.sessions.push_back(describe(session));
  });
  return part;
}

json join(const std::vector<Part>& parts) {
  json list = json::array();
  std::size_t total = 0, octets = 0;
  for (const Part& part : parts) {
    total += part.total;
    for (const json& session : part.sessions) {
      octets += session.dump(-1, ' ', false, json::error_handler_t::replace).size() + 1;
      if (list.size() < kMaxListedSessions && octets <= kMaxListedOctets) list.push_back(session);
    }
  }
  return {{"total", total}, {"sessions", std::move(list)}};
}

}  // namespace

void collect_sessions(serve::CoreGroup& group, std::function<void(json)> done) {
  struct Collection {
    std::vector<Part> parts;
    std::size_t waiting;
    std::function<void(json)> done;
  };
  const auto collection = std::make_shared<Collection>();
  collection->parts.resize(group.size());
  collection->waiting = group.size();
  collection->done = std::move(done);
  for (std::size_t i = 0; i < group.size(); ++i) {
    group.core(i).loop().post([&group, collection, i] {
      auto part = std::make_shared<Part>(sessions_of(group.core(i)));
      group.core(0).loop().post([collection, part, i] {
        collection->parts[i] = std::move(*part);
        if (--collection->waiting == 0) collection->done(join(collection->parts));
      });
    });
  }
}

}  // namespace transom::node
