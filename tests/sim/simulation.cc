#include "sim/simulation.h"

#include "base/random.h"

namespace transom::sim {
namespace {

constexpr std::size_t kRealms = 2;
constexpr int kSteps = 1500;

const std::string kTopics[] = {"a.b", "a.c", "a.b.d", "x"};
const Pattern kTopicPatterns[] = {{Match::exact, "a.b"}, {Match::exact, "a.b"},   {Match::exact, "a.c"},
                                  {Match::exact, "x"},   {Match::prefix, "a"},    {Match::prefix, "a.b"},
                                  {Match::prefix, ""},   {Match::wildcard, "a."}, {Match::wildcard, ".b"},
                                  {Match::wildcard, "."}};
const std::string kProcedures[] = {"p.q", "p.r", "p.q.s"};
const Pattern kProcedurePatterns[] = {{Match::exact, "p.q"},  {Match::exact, "p.q"},   {Match::exact, "p.r"},
                                      {Match::prefix, "p.q"}, {Match::wildcard, "p."}, {Match::exact, "p.q.s"}};

class Simulation {
 public:
  Simulation(std::uint64_t seed, std::vector<std::string>* trace) : random_(seed), node_(2 + below(3), seed) {
    world_.trace = trace;
    const std::size_t cores = node_.core_count();
    for (std::size_t realm = 0; realm < kRealms; ++realm) {
      node_.add_realm(router::testing::open_realm(fmt::format("realm{}", realm)),
                      static_cast<router::CoreId>(below(cores)));
    }
    node_.start();
    node_.on_posted = [this] { meanwhile(); };
    letters_percent_ = 20 + below(75);
    const std::size_t count = 3 + below(6);
    for (std::size_t i = 0; i < count; ++i) {
      models_.push_back(std::make_unique<Model>(world_, node_.core(below(cores)),
                                                static_cast<wamp::SerializerId>(below(wamp::kSerializerCount)), i));
      all_.push_back(models_.back().get());
    }
  }

  ~Simulation() { node_.on_posted = nullptr; }

  Counts run() {
    for (int i = 0; i < kSteps; ++i) {
      step();
      if (failed_meanwhile_) throw *failed_meanwhile_;
    }
    ending_ = true;
    settle();
    for (Model* model : all_) model->expect_nothing_open();
    if (!world_.awaited.empty()) broken("{} EVENTs never arrived", world_.awaited.size());
    for (Model* model : all_) {
      const Busy busy(*this, model->core());
      if (model->joined()) below(2) == 0 ? model->leave() : model->drop();
    }
    settle();
    expect_empty();
    return world_.counts;
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_.next_u64() % limit; }
  template <typename T, std::size_t N>
  const T& one_of(const T (&list)[N]) {
    return list[below(N)];
  }

  void step() {
    ++world_.step;
    if (busy_ == 0 && node_.quiet()) {
      for (auto& [key, name] : world_.names) name.lingering = false;
    }
    if (below(100) >= letters_percent_ || !deliver()) act();
    look();
  }

  /// The cores are threads: while one is in the middle of a step (it has just posted a letter), the others go on.
  void meanwhile() {
    if (ending_ || below(4) != 0) return;
    try {
      for (std::uint64_t steps = 1 + below(8); steps > 0 && !failed_meanwhile_; --steps) step();
    } catch (const Failure& failure) {
      failed_meanwhile_ =
          failure;  // the router's code above us, destructors among it, is not made to be thrown through
    } catch (const std::exception& error) {
      failed_meanwhile_ = Failure{fmt::format("a message of an unexpected form: {}", error.what())};
    }
  }

  bool is_busy(std::size_t core) const { return (busy_ >> core & 1) != 0; }
  struct Busy {
    Busy(Simulation& of, std::size_t core) : simulation(of), bit(std::uint64_t{1} << core) { simulation.busy_ |= bit; }
    ~Busy() { simulation.busy_ &= ~bit; }
    Simulation& simulation;
    const std::uint64_t bit;
  };

  void look() {
    for (Model* model : all_) {
      if (!is_busy(model->core())) model->look();
    }
  }

  /// The oldest letter of one of the queues that have any.
  bool deliver() {
    const std::size_t cores = node_.core_count();
    const std::size_t start = below(cores * cores);
    for (std::size_t i = 0; i < cores * cores; ++i) {
      const std::size_t pair = (start + i) % (cores * cores);
      if (is_busy(pair % cores)) continue;
      const Busy busy(*this, pair % cores);
      if (!node_.deliver_one(pair / cores, pair % cores)) continue;
      ++world_.counts.letters;
      return true;
    }
    return false;
  }

  void act() {
    ++world_.counts.actions;
    Model& model = *all_[below(all_.size())];
    if (is_busy(model.core())) return;
    const Busy busy(*this, model.core());
    if (!model.joined()) return model.join(below(5) == 0 ? 1 : 0);
    const std::uint64_t dice = below(100), choice = random_.next_u64();
    if (dice < 2) return model.leave();
    if (dice < 4) return model.drop();
    if (dice < 16) return void(model.subscribe(one_of(kTopicPatterns)));
    if (dice < 26) return void(model.unsubscribe(choice));
    if (dice < 56) {
      const Model* excluded = below(4) == 0 ? all_[below(all_.size())] : nullptr;
      return void(model.publish(one_of(kTopics), below(2) == 0, below(3) != 0, all_, excluded));
    }
    if (dice < 63) return void(model.register_(one_of(kProcedurePatterns)));
    if (dice < 67) return void(model.unregister(choice));
    if (dice < 82) return void(model.call(one_of(kProcedures), all_));
    if (dice < 84) return void(model.cancel(choice));
    model.answer(choice, below(4) == 0);
  }

  /// Until nothing is under way: all letters delivered, in a random order, and all invocations answered.
  void settle() {
    for (bool moved = true; moved;) {
      ++world_.step;
      moved = deliver();
      look();
      if (moved) continue;
      for (Model* model : all_) {
        const Busy busy(*this, model->core());
        while (model->joined() && model->answer(0, false)) moved = true;
      }
      look();
    }
  }

  void expect_empty() {
    for (std::size_t core = 0; core < node_.core_count(); ++core) {
      if (node_.core(core).session_count() != 0) broken("core {} still has sessions", core);
      for (std::size_t realm = 0; realm < kRealms; ++realm) {
        router::RealmPart& part = *node_.core(core).find_realm("worker", fmt::format("realm{}", realm));
        if (part.broker.subscription_count() != 0) broken("core {} still has subscribers", core);
        if (part.session_count != 0) broken("core {} still counts sessions of a realm", core);
      }
    }
    for (std::size_t realm = 0; realm < kRealms; ++realm) {
      router::RealmPart& part = node_.home_part(realm);
      if (part.directory->subscription_count() != 0) broken("the directory still has subscriptions");
      if (part.directory->registration_count() != 0) broken("the directory still has registrations");
      if (!part.snapshot().subscriptions.empty()) broken("the published index still has subscriptions");
      if (!part.snapshot().registrations.empty()) broken("the published index still has registrations");
    }
  }

  SeededRandom random_;
  router::testing::TestNode node_;
  World world_;
  std::uint64_t busy_ = 0;  // bit n: core n is in the middle of a step
  std::optional<Failure> failed_meanwhile_;
  bool ending_ = false;  // no new actions any more
  std::uint64_t letters_percent_ = 0;
  std::vector<std::unique_ptr<Model>> models_;
  std::vector<Model*> all_;
};

}  // namespace

Counts run(std::uint64_t seed, std::vector<std::string>* trace) { return Simulation(seed, trace).run(); }

}  // namespace transom::sim
