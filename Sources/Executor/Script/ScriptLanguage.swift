/// The languages of scripts that travel with the run, by the wire's words.
enum ScriptLanguage: String, CaseIterable, Sendable {
    case shell = "GLUE_SHELL"
    case python = "GLUE_PYTHON"
    case python2 = "GLUE_PYTHON2"
    case node = "GLUE_NODEJS"
    case powerShell = "GLUE_POWERSHELL"
    case php = "GLUE_PHP"

    /// The program that runs it.
    var interpreter: String {
        switch self {
        case .shell: "bash"
        case .python: "python3"
        case .python2: "python"
        case .node: "node"
        case .powerShell: "pwsh"
        case .php: "php"
        }
    }

    /// What the interpreter is told before the script's path.
    var options: [String] {
        switch self {
        // Without buffers, so that the log shows a line when it is printed.
        case .python, .python2: ["-u"]
        case .powerShell: ["-NoProfile", "-NonInteractive", "-File"]
        case .shell, .node, .php: []
        }
    }

    /// How its files end; some interpreters insist.
    var suffix: String {
        switch self {
        case .shell: ".sh"
        case .python, .python2: ".py"
        case .node: ".js"
        case .powerShell: ".ps1"
        case .php: ".php"
        }
    }
}
