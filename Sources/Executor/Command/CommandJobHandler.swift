/// `commandJobHandler`: runs the command that is the job's parameter, when its beginning is allowed here.
///
/// The command is split at blanks, with quotes; no shell reads it. What it writes goes to the run's log, and the run
/// succeeds when it exits with 0.
public struct CommandJobHandler: JobHandler {
    /// The name under which schedulers know it.
    public static let name = "commandJobHandler"

    private let allowed: [CommandLine]
    private let programs: ProgramRunner

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - allowed: what commands may begin with: a program by its absolute path, such as `/usr/bin/df`, and as many
    ///     of its arguments as are to stay as they are, such as `/usr/bin/systemctl status`. All that follows is the
    ///     job's choice.
    ///   - programs: runs them.
    /// - Throws: `ExecutorError` with code `settings` when one of them is no beginning of a command.
    public init(allowed: [String], programs: ProgramRunner) throws(ExecutorError) {
        var lines: [CommandLine] = []
        for text in allowed {
            do throws(ProgramError) {
                lines.append(try CommandLine(text))
            } catch {
                throw ExecutorError(.settings, during: "allowed", detail: "\(error)")
            }
        }
        self.allowed = lines
        self.programs = programs
    }

    /// Runs the command to its end.
    ///
    /// - Parameter context: its `params` are the command.
    /// - Returns: nil.
    /// - Throws: why the command is not allowed, cannot be started, or did not exit with 0.
    public func run(_ context: JobContext) async throws -> String? {
        let command = try CommandLine(context.params)
        guard allowed.contains(where: command.begins) else {
            throw ProgramError("executor.commands.allowed has nothing that \(context.params) begins with")
        }
        try await programs.run(
            command.words[0],
            Array(command.words.dropFirst()),
            kind: "command",
            context
        )
        return nil
    }
}
