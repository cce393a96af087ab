import CSpawn
import Foundation

/// Why a program did not do what it was to do, in words for whoever reads its run.
struct ProgramError: Error, Hashable, Sendable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// What the system has refused.
    static func system(_ operation: String, _ error: Int32) -> ProgramError {
        ProgramError("cannot \(operation): \(String(cString: strerror(error)))")
    }

    /// What the system has refused while a program was started.
    init(step: Int32, error: Int32) {
        let operation =
            switch Int(step) {
            case Int(KPUSH_SPAWN_SESSION): "begin a session for the program"
            case Int(KPUSH_SPAWN_OUTPUT): "take the program's output"
            case Int(KPUSH_SPAWN_LIMITS): "limit the program"
            case Int(KPUSH_SPAWN_USER): "become the program's user"
            case Int(KPUSH_SPAWN_PROGRAM): "run the program"
            default: "start the program"
            }
        self = .system(operation, error)
    }
}
