// A client of the simulator: acts at random within the protocol and judges each message that it gets.
#pragma once
#include <memory>
#include <string>

#include "sim/world.h"

namespace transom::sim {

class Model {
 public:
  Model(World& world, router::RouterCore& core, wamp::SerializerId serializer, std::size_t number)
      : world_(world), core_(core), serializer_(serializer), number_(number) {}

  bool joined() const { return session_id_ != 0; }
  Uid uid() const { return uid_; }
  router::CoreId core() const { return core_.id(); }

  // Actions. All but `join` need a joined session; each says whether there was something to do.
  void join(std::size_t realm);
  void leave();  // GOODBYE
  void drop();   // the transport is lost
  bool subscribe(const Pattern& pattern);
  bool unsubscribe(std::uint64_t choice);
  bool publish(const std::string& topic, bool acknowledge, bool exclude_me, const std::vector<Model*>& all,
               const Model* excluded);
  bool register_(const Pattern& pattern);
  bool unregister(std::uint64_t choice);
  bool call(const std::string& procedure, const std::vector<Model*>& all);
  bool cancel(std::uint64_t choice);
  bool answer(std::uint64_t choice, bool with_error);

  /// Reads and judges all that has come.
  void look();
  /// With all letters delivered and all invocations answered nothing may be open.
  void expect_nothing_open() const;

 private:
  struct Call {
    std::uint64_t counter = 0;
    std::string procedure;
    const Model* owner = nullptr;  // who certainly held the procedure, exactly matched, when the call was made
    Uid owner_uid = 0;
    Id owner_registration = 0;
  };

  void say(const json& message);
  json next_request() { return ++last_request_; }
  void forget();
  void stop_awaiting(Id subscription);
  void end_claim(const Pattern& pattern, bool lingering);
  void on_message(const json& message);
  void on_published(const json& message);
  void on_event(const json& message);
  void on_invocation(const json& message);
  void on_result(const json& message);
  void on_error(const json& message);
  void on_call_error(const json& message);
  void note_publication(Publication& publication, Id id);

  World& world_;
  router::RouterCore& core_;
  const wamp::SerializerId serializer_;
  const std::size_t number_;
  std::unique_ptr<router::testing::TestClient> client_;
  Uid uid_ = 0;
  bool leaving_ = false;  // the router is just being told; others may act before it returns
  std::size_t realm_ = 0;
  Id session_id_ = 0;

  Id last_request_ = 0;
  std::uint64_t last_publication_ = 0, last_call_ = 0;
  std::map<Id, std::uint64_t> publishing_;                       // request -> counter
  std::map<Id, std::pair<Pattern, std::uint64_t>> subscribing_;  // request -> what, since when
  std::map<Id, Id> unsubscribing_;                               // request -> subscription
  std::map<Id, Pattern> subscriptions_;                          // that may send EVENTs
  std::map<std::pair<Uid, Id>, std::uint64_t> last_event_;       // by publisher and subscription
  std::map<Uid, std::uint64_t> last_event_of_;                   // by publisher
  std::map<Id, std::pair<Pattern, std::uint64_t>> registering_;
  std::map<Id, std::pair<Id, Pattern>> unregistering_;
  std::map<Id, Pattern> registrations_;
  std::map<Uid, std::uint64_t> last_invocation_of_;  // by caller
  Id last_invocation_ = 0;
  std::map<Id, json> owed_;  // INVOCATION.Request -> its arguments
  std::map<Id, Call> calls_;
};

}  // namespace transom::sim
