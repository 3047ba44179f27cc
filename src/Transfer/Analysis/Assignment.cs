// The assignment problem: who does what, so that the sum of gains is largest. The method of Kuhn
// (1955) and Munkres (1957), by shortest augmenting paths.
namespace Engine.Transfer;

/// <summary>Assigns rows to columns, one to one.</summary>
internal static class Assignment
{
    /// <summary>The column of each row of a square table of gains.</summary>
    public static int[] Best(double[,] gains)
    {
        int n = gains.GetLength(0);
        // Prices of rows and columns; place 0 stands for "none yet".
        double[] ofRow = new double[n + 1], ofColumn = new double[n + 1];
        int[] rowOf = new int[n + 1];
        for (int row = 1; row <= n; row++)
        {
            // Dijkstra's shortest path from the new row to a column that is free.
            var distance = new double[n + 1];
            Array.Fill(distance, double.PositiveInfinity);
            int[] from = new int[n + 1];
            var done = new bool[n + 1];
            int at = 0;
            rowOf[0] = row;
            do
            {
                done[at] = true;
                int next = 0;
                for (int column = 1; column <= n; column++)
                {
                    if (done[column]) continue;
                    double step = -gains[rowOf[at] - 1, column - 1]
                        - ofRow[rowOf[at]] - ofColumn[column];
                    if (step < distance[column]) (distance[column], from[column]) = (step, at);
                    if (next == 0 || distance[column] < distance[next]) next = column;
                }
                double shift = distance[next];
                for (int column = 0; column <= n; column++)
                {
                    if (!done[column])
                    {
                        distance[column] -= shift;
                        continue;
                    }
                    ofRow[rowOf[column]] += shift;
                    ofColumn[column] -= shift;
                }
                at = next;
            }
            while (rowOf[at] != 0);
            for (; at != 0; at = from[at]) rowOf[at] = rowOf[from[at]];
        }
        int[] best = new int[n];
        for (int column = 1; column <= n; column++) best[rowOf[column] - 1] = column - 1;
        return best;
    }
}
