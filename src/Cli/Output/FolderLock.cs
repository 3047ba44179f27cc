// Keeps two commands from writing into one folder. A process that is killed lets go of it too.
namespace Engine.Cli;

/// <summary>A folder that no other command may take until this is disposed of.</summary>
internal sealed class FolderLock : IDisposable
{
    /// <summary>The file that stands for the lock.</summary>
    public const string Name = "lock";

    private readonly FileStream held;

    private FolderLock(FileStream held) => this.held = held;

    /// <summary>Takes a folder that is there.</summary>
    /// <exception cref="CliException">Another command has it, or it cannot be written.</exception>
    public static FolderLock Take(string folder)
    {
        string path = Path.Combine(folder, Name);
        try
        {
            return new(new FileStream(
                path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1,
                FileOptions.DeleteOnClose));
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw CliException.Fail(
                $"{folder}: another command is training in this folder; wait for its end.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Fail(
                $"{folder}: cannot be written: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    public void Dispose() => held.Dispose();
}
