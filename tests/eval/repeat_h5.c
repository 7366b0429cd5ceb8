/* repeat_h5 FILE TIMES OUT: a virtual HDF5 file OUT whose `jets` and `tracks` are those of FILE, which lies
 * beside it, so many times over. */
#include <hdf5.h>

#include <stdio.h>
#include <stdlib.h>

static int repeat(hid_t from, hid_t to, const char *path, const char *name, hsize_t times)
{
    const hid_t dataset = H5Dopen2(from, name, H5P_DEFAULT);
    const hid_t type = H5Dget_type(dataset), source = H5Dget_space(dataset);
    hsize_t dim[8] = { 0 }, start[8] = { 0 };
    const int rank = H5Sget_simple_extent_dims(source, dim, NULL);
    const hsize_t rows = dim[0];
    const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    dim[0] = rows * times;
    const hid_t space = H5Screate_simple(rank, dim, NULL);
    dim[0] = rows;
    for (hsize_t i = 0; i < times; i++) {
        start[0] = i * rows;
        if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, dim, NULL) < 0 ||
            H5Pset_virtual(plist, space, path, name, source) < 0)
            return 0;
    }
    H5Sselect_all(space);
    const hid_t made = H5Dcreate2(to, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    return made >= 0 && H5Dclose(made) >= 0;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    const hid_t from = H5Fopen(argv[1], H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t to = H5Fcreate(argv[3], H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hsize_t times = strtoull(argv[2], NULL, 10);
    const int made = from >= 0 && to >= 0 && repeat(from, to, argv[1], "jets", times) &&
                     repeat(from, to, argv[1], "tracks", times) && H5Fclose(to) >= 0;
    if (!made)
        fprintf(stderr, "%s: cannot be made\n", argv[3]);
    return !made;
}
