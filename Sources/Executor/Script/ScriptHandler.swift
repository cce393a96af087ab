/// Runs a script that came with the run.
///
/// It is told the job's parameter, the shard's number and how many shards there are. The run succeeds when it exits
/// with 0.
struct ScriptHandler: JobHandler {
    let language: ScriptLanguage
    let interpreter: String
    let source: String
    let programs: ProgramRunner

    func run(_ context: JobContext) async throws -> String? {
        let file = try ScriptFile(source, language, for: programs.account)
        defer { file.remove() }
        let arguments = [file.path, context.params, "\(context.shardIndex)", "\(context.shardTotal)"]
        try await programs.run(interpreter, language.options + arguments, kind: "script", context)
        return nil
    }
}
