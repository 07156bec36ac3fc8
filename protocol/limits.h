// Every upper bound, with its unit and reason. What makes an entry invalid is a constant of the suite and can never
// change; the others bound memory and time and may be lowered by configuration, never so that an entry is refused.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace kiz::limits {

// Constants of suite 1: a replica that judged these differently would split the realm.
inline constexpr std::size_t entry_bytes_max = (1u << 20) - 4096;  // encoded body; a run of one entry fits run_bytes_max
inline constexpr std::size_t op_bytes_max = 64u << 10;             // one op with its value
inline constexpr std::size_t ops_max = 4096;                       // ops per entry
inline constexpr std::size_t cells_max = 1024;                     // cells listed by one op (keep, remove)
inline constexpr std::size_t seen_max = 4096;                      // heads listed by one entry
inline constexpr std::size_t member_id_bytes_max = 12;

inline constexpr std::size_t run_entries_max = 256;       // relays keep at least one signature per so many entries
inline constexpr std::size_t run_bytes_max = 1u << 20;    // and per so many bytes
inline constexpr std::size_t log_branches_max = 4;        // more pause the log until a cut names the branch that counts
inline constexpr std::size_t quarantined_entries_max = 16384;  // kept per space of a device that is locked out
inline constexpr std::size_t quarantined_bytes_max = 64u << 20;   // the same in bytes at rest

// Intake: what comes from others. Too much of it is put off and taken later, never refused for good.
inline constexpr std::uint64_t author_burst_bytes = 1u << 30;  // at rest, of one device at once: 800,000 records of its town
inline constexpr std::uint64_t author_daily_bytes = 64u << 20;  // and so much more each day; an office enters less in a year
inline constexpr std::size_t logs_per_key_free = 16;          // per author and space; each further one counts as a part
inline constexpr std::uint64_t further_logs_per_burst = 128;  // of a burst: memory grows with logs
inline constexpr std::uint64_t disk_reserve_bytes_max = 64u << 20;  // with less left nothing is taken: own edits still have room
inline constexpr std::uint64_t disk_reserve_share = 16;             // of a small disk this part instead

// Control log
inline constexpr std::size_t control_record_bytes_max = 64u << 10;
inline constexpr std::size_t cuts_max = 1024;  // per control record
inline constexpr std::size_t checkpoint_heads_max = 512;  // logs of one space in a checkpoint: under 54 KiB

// Wire
inline constexpr std::size_t noise_message_bytes_max = 65535;                      // Noise specification section 3
inline constexpr std::size_t frame_plain_bytes_max = noise_message_bytes_max - 16;  // less the tag
inline constexpr std::size_t message_bytes_max = run_bytes_max + 64;               // one message, unpacked
inline constexpr std::size_t spaces_max = 4096;                                    // per realm
inline constexpr std::size_t heads_max = 65536;                                    // per frontier
inline constexpr std::size_t window_bytes_max = 64u << 20;                         // runs not yet acknowledged
inline constexpr std::size_t runs_in_flight_max = 1024;                            // the same as a number
inline constexpr std::size_t frontier_part_heads_max = 8192;                       // heads in one message: under 600 KiB
inline constexpr std::size_t samples_max = 512;                                    // points of one log in one message
inline constexpr std::size_t receipt_heads_max = 1024;                             // heads of one space in one receipt
inline constexpr std::size_t values_max = 256;                                    // values in one message
inline constexpr std::size_t states_max = 256;                                    // spaces in one message of states
inline constexpr std::size_t proven_heads_max = 512;                              // heads with signatures in one message
inline constexpr std::size_t own_heads_max = 4096;                                 // signed heads in one message
inline constexpr std::size_t control_message_records_max = 4096;                   // control records in one message
inline constexpr std::size_t join_control_bytes_max = 64u << 20;                   // a control log handed to a new device

// Enrolment
inline constexpr std::chrono::seconds join_answer_max{30};
inline constexpr std::chrono::minutes confirmation_max{30};  // two persons on the telephone

// Text that people enter
inline constexpr std::size_t short_text_characters_max = 200;
inline constexpr std::size_t long_text_bytes_max = 32u << 10;

inline constexpr std::chrono::minutes clock_pull_max{10};  // a received stamp moves our clock at most this far past it

}  // namespace kiz::limits
