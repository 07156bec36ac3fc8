// A Kreis, its towns and the Land as real replicas over disks in memory, in one thread, with one seed that decides every
// edit, every piece of every transmission, every fault and every random byte.
//
// First everything goes wrong that may, then all is healed: power on, clocks right, connections whole. After three rounds of
// talks the checkers judge.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "protocol/entry.h"
#include "tests/sim/checkers.h"
#include "tests/sim/network.h"
#include "tests/sim/node.h"
#include "tests/sim/plan.h"

namespace kiz::sim {

struct Outcome {
  std::uint64_t seed = 0;
  std::string trace;  // hash of all that happened: equal for equal seeds
  std::uint64_t faults = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t lost = 0;
  std::uint64_t dropped = 0;  // values that checkpoints let go, on all machines
  std::uint64_t epochs = 0;  // opened by the root: after a fire, and where two control logs met
  std::uint64_t hours = 0;   // simulated
  std::uint64_t growth = 0;  // of the heap in one action of one machine, at most
  std::vector<std::string> findings;

  /// What many worlds counted together; their findings stay with each.
  void add(const Outcome& other);
};

/// The last line of kiz-sim: how much it has run, and what was lost of what was acknowledged.
std::string last_line(std::uint64_t seeds, const Outcome& sum);

class World : private Wire {
 public:
  World(const Founding& founding, std::uint64_t seed, const Plan& plan);
  ~World() override;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Outcome run();
  /// plan.edits a year for so many years of plan.days; prints a table.
  Outcome run_years(unsigned years);

 private:
  struct Call {
    Node* caller;
    Node* answerer;
    std::unique_ptr<Link> link;
    bool caller_has_expired;  // when it was dialled, by the clock of the Kreis
  };

  struct SlowLine {
    Node* victim;
    std::unique_ptr<PeerTalk> talk;  // the victim's
    Bytes rest;                      // comes byte by byte
    SteadyTime over_at;              // then the victim must have hung up
  };
  /// What a person has just been told to be there.
  struct Written {
    Space space;
    RecordId record;
    std::uint32_t field;
    Value value;
    std::vector<CellName> kept;
  };

  void draw_dials();
  bool chance(Fault fault, unsigned per_mille);
  void step();
  Outcome finish();

  // ---- edits.cc: what offices do
  void edit(Node& node);
  void add_steps(Node& node, Edit& edit, std::int64_t& delta, std::vector<Written>& written);
  void check_shown(Node& node, const std::vector<Written>& written);
  void write_unknown(Node& node);
  void promise(Node& node, const Committed& committed, std::int64_t delta);

  // ---- calls.cc: the network
  void dial(Node& caller, Node& answerer);
  void dial_somebody();
  void transmit(Call& call, std::size_t pieces);
  bool hears(const Node& to, const Node& from) const;
  bool may_know_of_end(const Node& caller) const;
  void settle(Call& call);
  void tell_others(const Call* from, Node& node);
  void hang_up(const Node& node);
  void drop_finished();
  void on_time();
  void sent(ByteView bytes) override;

  // ---- faults.cc: what goes wrong
  void go_wrong();
  void crash(Node& node);
  bool power_lost(Node& node);
  void lose_power(Node& node);
  void fail_io(Node& node);
  void fill_disk(Node& node);
  void rot(Node& node);
  void jump(Node& node);
  void part();
  void pass_long_time();
  void take_images();

  // ---- machines.cc: what befalls whole machines
  void break_machine();
  void put_back(Node& node, bool whole_disk, std::int64_t days);
  void copy_machine(Node& node);
  void lock_out(Node& node);
  void end_admission(Node& node);
  void carry_bundle(Node& from, Node& to);
  void read_stick(Node& to, const Bytes& bytes);

  // ---- hostile.cc: liars
  EntryBody body_of_liar(const std::string& text);
  Run first_run(Node& liar, const Genesis& genesis, std::vector<EntryBody> bodies);
  Genesis new_log_of(Node& liar);
  Bytes boundless_run(Node& liar);
  bool may_lie(const Node& liar) const;
  bool may_be_told(const Node& victim, const Node& liar) const;
  void lie_to(Node& victim);
  void say_two_things(Node& liar);
  void say_too_many_things(Node& liar);
  void exceed(Node& liar);
  void garble();

  // ---- slow.cc: and dawdlers
  void dawdle();
  void drip();
  void judge_slow_lines(const Node& victim);

  // ---- upkeep.cc: what the Kreis and its people see to
  void see_to_checkpoints();
  void carry_out(Node& node);
  void lose_hub();
  void take_over_authority();
  void heed_two_logs();
  void open_epoch();

  // ---- heal.cc: and is healed
  void heal();
  void open(Node& node);
  void take_all_there_is(Node& node);
  void reopen(Node& node);
  bool unharmed(Node& node);  // false: its power went or its disk failed, and it was seen to
  void mend(Node& node);
  void reckon_losses(Node& node);
  bool talk(Node& caller, Node& answerer, bool to_be_in_sync);
  void talk_to_the_end(Node& caller, Node& answerer, bool last);
  void judge_all();

  // ---- years.cc: growth
  void greet_newcomer();

  /// Runs something on a machine; a failure of it is a finding unless its disk is known to fail. False: it failed.
  template <class Action>
  bool on(Node& node, const char* what, Action action);

  bool is_on(Fault fault) const { return dials_[static_cast<std::size_t>(fault)] != 0; }
  Node& hub() const { return *nodes_[hub_place]; }
  Node& somebody() { return *nodes_[random_.below(nodes_.size())]; }
  Node* some_office(bool running);
  bool connected(const Node& a, const Node& b) const;
  std::uint64_t wall_ms(const Node& node) const;
  void hit(Fault fault, const Node& node);
  void note(std::string_view what, ByteView bytes = {});
  void find(std::string sentence);

  const Founding& founding_;
  Plan plan_;
  Dials dials_{};
  test::SeededRandom random_;
  std::filesystem::path folder_;
  SteadyTime now_{1000};
  std::vector<std::unique_ptr<Node>> nodes_;  // as in Founding::places; copies of machines behind them
  std::vector<Call> calls_;
  std::vector<SlowLine> slow_lines_;
  std::vector<Promise> promises_;
  std::vector<TallyBounds> tallies_;
  unsigned edits_ = 0;
  std::array<bool, fault_count> done_{};  // what happens once a run
  std::int64_t last_image_ms_ = -day_ms;
  bool may_fork_ = false;  // two machines may have gone on with one log
  std::vector<std::pair<Node*, Bytes>> sticks_;
  std::uint64_t wire_bytes_ = 0;
  Hash trace_;
  Outcome outcome_;
};

RecordId sim_record(std::uint32_t kind, std::uint64_t number);

}  // namespace kiz::sim
