// What netstandard2.0 lacks for records and init accessors.
namespace System.Runtime.CompilerServices;

internal static class IsExternalInit
{
}
