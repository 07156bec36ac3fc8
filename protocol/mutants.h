// Planted bugs: the simulator is compiled with them, to show that it finds each. Programs that are installed are not:
// there KIZ_MUTANT(name) is `false`, and no name of a mutant is in them. Hooks stand in .cc files only (tests/sim/README.md).
#pragma once

#ifdef KIZ_MUTANTS

#define KIZ_ALL_MUTANTS(X)                                                                                              \
  X(skip_signature) X(value_not_committed) X(foreign_space) X(control_unsigned) X(count_replays) X(skip_fsync)          \
  X(ack_before_commit) X(reuse_seq) X(ignore_fork) X(clock_goes_back) X(clock_observes_nothing) X(seen_nothing)         \
  X(bury_unseen) X(forget_own_chain) X(order_by_arrival) X(older_wins) X(one_value_only) X(show_hidden) X(bury_keep)    \
  X(add_base_to_deltas) X(remove_unlisted) X(delete_buries) X(undo_leaves_marks) X(drop_unknown_op)                     \
  X(no_reevaluation) X(cut_without_effect) X(forget_cut) X(accept_beyond_cut) X(read_everything) X(serve_locked_out)    \
  X(admit_expired) X(forget_space) X(blind_digest) X(trust_memory) X(plain_pages) X(plain_wire)     \
  X(prune_structure) X(prune_living) X(rebuilt_hears_one)

namespace kiz {
enum class Mutant : unsigned {
  none,
#define KIZ_NAME(name) name,
  KIZ_ALL_MUTANTS(KIZ_NAME)
#undef KIZ_NAME
};
extern Mutant planted_mutant;
}  // namespace kiz

#define KIZ_MUTANT(name) (::kiz::planted_mutant == ::kiz::Mutant::name)

#else

#define KIZ_MUTANT(name) false

#endif
